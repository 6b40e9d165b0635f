"""Vectors, sparse rows and parts of labels that a trained model did not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from xcgraph.sparse import CSR

from .frozen_model import FrozenModel
from .label_parts import LabelParts

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

#: How much a new label's own text counts in its neighbourhood, as a self loop does in a trained graph.
OWN_TEXT = 0.2
#: Its sparse row is its own tokens plus its neighbours', times this: a guess should speak more softly than what
#: was learned.
TOKENS = 0.7
#: The same where neighbours were found and not named: its own tokens count less, as they have chosen the
#: neighbours already.
OWN_TOKENS_BY_TEXT, TOKENS_BY_TEXT = 0.4, 1.0


def extend_parts(
    model: FrozenModel, parts: LabelParts, text: csr_matrix, near: csr_matrix, named: np.ndarray
) -> LabelParts:
    """The parts with a row for each new label; ``named``: whose neighbours were named, bool ``[n]``."""
    from scipy.sparse import csr_matrix, eye, hstack, vstack

    num_new, num_rows = text.shape[0], parts.text.shape[0]
    rows = parts.rows.numpy()
    to_rows = csr_matrix((near.data, rows[near.indices], near.indptr), shape=(num_new, num_rows))
    composers = []
    for number, composer in enumerate(parts.composers):
        changes: dict[str, Any] = {}
        if composer.graph is not None:
            old = hstack([composer.graph.to_scipy(), csr_matrix((num_rows, num_new))])
            own = hstack([(1 - OWN_TEXT) * to_rows, OWN_TEXT * eye(num_new)])
            changes["graph"] = csr_of(vstack([old, own]))
        if composer.attention is not None:
            changes["attention"] = torch.cat([composer.attention, _mean(to_rows, composer.attention)])
        if composer.has_refinement:
            kept = composer.refinement
            if kept is None:
                # Made again for the neighbours alone: what their vectors have beside text and graph.
                kept = torch.zeros(num_rows, composer.dim)
                used = torch.from_numpy(np.unique(near.indices)).long()
                kept[parts.rows[used]] = _refinement(model, parts, number, used)
            changes["refinement"] = torch.cat([kept, _mean(to_rows, kept)])
        composers.append(composer.replace(**changes))
    lexical = None
    if parts.lexical is not None:
        lexical = {
            name: csr_of(vstack([matrix, _mixed(parts.weights[name] * text, to_rows @ matrix, named)]))
            for name, matrix in parts.lexical_rows.items()
        }
    share = torch.full((len(composers), num_new), 1 / len(composers))
    return parts.replace(
        text=csr_of(vstack([parts.text_rows, text])),
        composers=composers,
        share=torch.cat([parts.share, share], dim=1),
        lexical=lexical,
        rows=torch.cat([parts.rows, torch.arange(num_rows, num_rows + num_new)]),
    )


def _mean(weights: csr_matrix, rows: Tensor) -> Tensor:
    return torch.from_numpy(weights @ rows.float().numpy()).float()


def _from_texts(model: FrozenModel, parts: LabelParts, number: int, rows: Tensor) -> Tensor:
    """What text and graph give to the vectors of rows ``[n]`` in one instance, ``[n, D]``."""
    composer = parts.composers[number]
    total = torch.zeros(rows.numel(), composer.dim)
    attention = None if composer.attention is None else composer.attention[rows]
    for part, hop in enumerate(composer.hops):
        texts = parts.reached(number, rows.numpy(), hop) @ parts.text_rows
        vectors = composer.block(part, model.one_index.encoders[number].bag(texts.tocsr()).float())
        total += composer.gates(part, attention) * vectors
    return total


def _refinement(model: FrozenModel, parts: LabelParts, number: int, labels: Tensor) -> Tensor:
    """Refinement vectors of labels ``[n]`` in one instance that were not kept, ``[n, D]``."""
    composer, rows = parts.composers[number], parts.rows[labels]
    start = sum(other.dim for other in parts.composers[:number])
    # An instance that did not know a label has no share in its vector.
    share = parts.share[number, rows].unsqueeze(1)
    own = model.one_index.vectors(labels)[:, start : start + composer.dim] / share.clamp(min=1e-6)
    attention = None if composer.attention is None else composer.attention[rows]
    gates = composer.gates(len(composer.hops), attention)
    rest = (own - _from_texts(model, parts, number, rows)) / gates.clamp(min=1e-6)
    return torch.where(share > 0, rest, 0.0)


def compose_labels(model: FrozenModel, parts: LabelParts, rows: Tensor) -> Tensor:
    """Label vectors of rows ``[n]``, ``[n, D]``, from all their parts."""
    vectors = []
    for number, composer in enumerate(parts.composers):
        vector = _from_texts(model, parts, number, rows)
        if composer.refinement is not None:
            attention = None if composer.attention is None else composer.attention[rows]
            vector += composer.gates(len(composer.hops), attention) * composer.refinement[rows]
        vectors.append(parts.share[number, rows].unsqueeze(1) * vector)
    return torch.cat(vectors, dim=1)


def compose_tokens(
    model: FrozenModel, parts: LabelParts, text: csr_matrix, near: csr_matrix, named: np.ndarray
) -> csr_matrix | None:
    """What tokens add to new labels, ``[n, V]``; ``named``: whose neighbours were named, bool ``[n]``."""
    postings = model.one_index.postings
    if postings is None:
        return None
    return _mixed(sum(parts.weights.values()) * text, near @ postings.to_scipy().T.tocsr(), named)


def _mixed(own: csr_matrix, neighbours: csr_matrix, named: np.ndarray) -> csr_matrix:
    from scipy.sparse import diags

    own_share = np.where(named, TOKENS, OWN_TOKENS_BY_TEXT).astype(np.float32)
    share = np.where(named, TOKENS, TOKENS_BY_TEXT).astype(np.float32)
    return diags(own_share) @ own + diags(share) @ neighbours


def csr_of(matrix: Any) -> CSR:
    rows = matrix.tocsr()
    rows.sort_indices()
    return CSR.from_scipy(rows)
