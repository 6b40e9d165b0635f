"""Labels that come and go without training: each function makes a new model, and leaves the old one as it was."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from .compose_labels import OWN_TEXT, compose_labels, compose_tokens, csr_of, extend_parts
from .frozen_beam_search import FrozenBeamSearch
from .frozen_expansion import FrozenExpansion
from .frozen_index import FrozenIndex
from .frozen_model import FrozenModel
from .label_parts import LabelParts
from .row_matrix import RowMatrix
from .token_postings import TokenPostings

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Neighbours = Sequence[str] | Mapping[str, float] | None
"""Labels beside which a new one belongs: uids, or uids and how much each counts; ``None`` to find them by text."""

#: Where no neighbours are named, this many labels of the nearest texts stand in, and as many that the model
#: answers to the title, as to the text of a document: those tend to be relevant together.
NUM_NEIGHBOURS = 10
#: What the second count together, of 1.
ANSWERS = 0.2
#: Share of the labels that have a lower bias than a new one: with named neighbours, and with those found by text,
#: which say less. Scores of a new label lack what training adds for its own documents; with the bias of a rare
#: label it would hardly be found.
BIAS_QUANTILE, BIAS_QUANTILE_BY_TEXT = 0.9, 0.995


def add_labels(
    model: FrozenModel,
    titles: Sequence[str],
    uids: Sequence[str] | None = None,
    neighbours: Sequence[Neighbours] | None = None,
) -> FrozenModel:
    r"""A model with more labels, which come after those it has.

    A new label's vector is put together as a trained one's: blocks and gates are the model's, its text is embedded
    by the model's tokens, its neighbourhood is its neighbours' texts, and the mean of its neighbours' refinement
    vectors stands for its own. Its sparse row is its text, with the weights of linear head, centroid and text (a
    text is a document of its label, the only one known), plus the mean of its neighbours' sparse rows, in shares
    that depend on whether neighbours were named. Its bias is a high quantile of all labels' biases
    (``BIAS_QUANTILE``). ``docs/answers.md`` says how good that is.

    Args:
        model: a frozen model with its parts.
        titles: texts of the new labels.
        uids: their names; ``None``: the titles.
        neighbours: of each new label, by uids of labels that the model has; ``None``, or ``None`` for a label:
            the ``NUM_NEIGHBOURS`` whose texts are nearest by cosine, and as many that the model answers to the
            title.

    Raises:
        ValueError: if a title is empty, a uid exists or comes twice, a neighbour is unknown, there is no neighbour
            to be found, or the model's parts were not kept.
    """
    if model.vectorizer is None:
        raise ValueError("this model was trained on ready-made features: it cannot read the titles of labels")
    index = model.one_index
    if model.parts is None:
        raise ValueError("this model does not say how its labels were made: train it again with this version")
    _check_list("titles", titles)
    titles, uids = list(titles), list(titles if uids is None else uids)
    if len(uids) != len(titles) or (neighbours is not None and len(neighbours) != len(titles)):
        raise ValueError(f"expected a uid and neighbours for each of {len(titles)} titles, got another number")
    if not titles:
        return model
    known = {uid: label for label, uid in enumerate(model.label_uids)}
    taken = set(known)
    for uid, title in zip(uids, titles, strict=True):
        _check_name(uid, title)
        if uid in taken:
            raise ValueError(f"label {uid!r} exists already; choose another uid, or remove that label first")
        taken.add(uid)
    text = model.vectorizer.transform(titles)
    given = [None] * len(titles) if neighbours is None else list(neighbours)
    near = _neighbours(model, model.parts, text, uids, given, known)
    named = np.array([wanted is not None for wanted in given])
    parts = extend_parts(model, model.parts, text, near, named)
    new = torch.arange(model.parts.num_labels, parts.num_labels)
    vectors = compose_labels(model, parts, parts.rows[new])
    levels = np.where(named, BIAS_QUANTILE, BIAS_QUANTILE_BY_TEXT)
    bias = torch.from_numpy(np.quantile(index.bias.numpy(), levels)).float()
    sparse = compose_tokens(model, model.parts, text, near, named)
    index = _extend_index(index, vectors, bias, sparse, near, parts)
    return replace(
        model,
        index=index,
        label_uids=[*model.label_uids, *uids],
        label_titles=[*model.label_titles, *titles],
        parts=parts,
    )


def remove_labels(model: FrozenModel, uids: Sequence[str]) -> FrozenModel:
    """A model without some labels. The logits of the others stay; softmax shares out what is left.

    Raises:
        ValueError: if a uid is unknown, or no label would be left.
    """
    _check_list("uids", uids)
    known = {uid: label for label, uid in enumerate(model.label_uids)}
    gone = {_find(uid, known) for uid in uids}
    if not gone:
        return model
    kept = torch.tensor([label for label in range(len(known)) if label not in gone])
    if kept.numel() == 0:
        raise ValueError("expected at least one label to stay, got all of them")
    parts = model.parts
    if parts is not None:
        names = {
            int(parts.rows[label]): (model.label_uids[label], model.label_titles[label]) for label in sorted(gone)
        }
        parts = parts.replace(rows=parts.rows[kept], removed={**parts.removed, **names})
    return replace(
        model,
        index=_keep_index(model.one_index, kept, parts),
        label_uids=[model.label_uids[label] for label in kept.tolist()],
        label_titles=[model.label_titles[label] for label in kept.tolist()],
        parts=parts,
    )


def rename_label(model: FrozenModel, uid: str, title: str) -> FrozenModel:
    """A model that shows another title for a label; scores stay, being those of the text that it was trained on.

    Raises:
        ValueError: if the uid is unknown, or the title empty.
    """
    label = _find(uid, {uid: label for label, uid in enumerate(model.label_uids)})
    _check_name(uid, title)
    return replace(model, label_titles=[*model.label_titles[:label], title, *model.label_titles[label + 1 :]])


def _find(uid: str, known: Mapping[str, int]) -> int:
    if uid not in known:
        raise ValueError(f"there is no label {uid!r}; uids are those that predictions are given by")
    return known[uid]


def _check_list(name: str, value: object) -> None:
    if isinstance(value, str):
        raise ValueError(f"expected a list of {name}, got one string; put it in a list")


def _check_name(uid: str, title: str) -> None:
    for name, value in (("uid", uid), ("title", title)):
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"expected the {name} of a label to be a text that is not empty, got {value!r}")


def _neighbours(
    model: FrozenModel,
    parts: LabelParts,
    text: csr_matrix,
    uids: list[str],
    given: Sequence[Neighbours],
    known: Mapping[str, int],
) -> csr_matrix:
    """Neighbours of new labels and what each counts, rows of sum 1, float32 ``[n, L]``."""
    from scipy.sparse import csr_matrix

    cosine = (text @ parts.text_rows[parts.rows.numpy()].T).tocsr()
    label: list[int] = []
    weight: list[float] = []
    counts = []
    for number, wanted in enumerate(given):
        if wanted is None:
            found = _found(model, text[number], cosine[number])
        else:
            _check_list("uids", wanted)
            pairs = wanted if isinstance(wanted, Mapping) else dict.fromkeys(wanted, 1.0)
            found = {_find(uid, known): float(count) for uid, count in pairs.items()}
            if not all(math.isfinite(count) and count >= 0 for count in found.values()):
                raise ValueError(
                    f"label {uids[number]!r}: expected neighbours' weights that are finite and not negative"
                )
        found = {other: count for other, count in found.items() if count > 0}
        if not found:
            reason = "no label's text shares a word with its title" if wanted is None else "none was given"
            raise ValueError(f"label {uids[number]!r} has no neighbour: {reason}; name some")
        label += found
        weight += [count / sum(found.values()) for count in found.values()]
        counts.append(len(found))
    arrays = (np.array(weight, dtype=np.float32), np.array(label), np.cumsum([0, *counts]))
    return csr_matrix(arrays, shape=(len(uids), len(known)))


def _found(model: FrozenModel, text: csr_matrix, cosine: csr_matrix) -> dict[int, float]:
    """Neighbours of a new label by its text ``[1, V]``, whose cosines with all labels are ``[1, L]``."""
    order = np.lexsort((cosine.indices, -cosine.data))[:NUM_NEIGHBOURS]
    nearest = dict(zip(cosine.indices[order].tolist(), cosine.data[order].tolist(), strict=True))
    total = sum(nearest.values())
    found = {label: (1 - ANSWERS) * value / total for label, value in nearest.items() if value > 0}
    if not found:
        return {}
    labels, score = model.one_index.rank(text.indices.astype(np.int32), text.data, NUM_NEIGHBOURS)
    for label, value in zip(labels.tolist(), (ANSWERS * score / score.sum()).tolist(), strict=True):
        found[label] = found.get(label, 0.0) + value
    return found


def _extend_index(
    index: FrozenIndex,
    vectors: Tensor,
    bias: Tensor,
    sparse: csr_matrix | None,
    near: csr_matrix,
    parts: LabelParts,
) -> FrozenIndex:
    from scipy.sparse import csr_matrix, eye, hstack, vstack

    dtype: Any = index.labels.dtype
    rows = RowMatrix.convert(vectors, dtype, None if dtype == "float32" else index.mean)
    postings = index.postings
    if postings is not None and sparse is not None:
        postings = TokenPostings.freeze(csr_of(hstack([postings.to_scipy(), sparse.T])), 0.0, postings.dtype)
    expansion = index.expansion
    if expansion is not None:
        # A new label vouches for its neighbours; nobody vouches for it, for edges of others would weaken theirs.
        old = hstack([expansion.to_scipy(), csr_matrix((index.num_labels, vectors.size(0)))])
        own = hstack([(1 - OWN_TEXT) * near, OWN_TEXT * eye(vectors.size(0))])
        graph = csr_of(vstack([old, own]))
        expansion = FrozenExpansion(graph.rowptr, graph.col, graph.value, expansion.mix)
    shortlist = index.shortlist
    assert not isinstance(shortlist, FrozenBeamSearch)  # see FrozenModel.one_index
    if shortlist is not None:
        shortlist = shortlist.extended(vectors - index.mean, bias)
    reranker = index.reranker
    if reranker is not None:
        # The text of a new label is the one document that it is known by.
        count = torch.cat([reranker.learned.count, torch.ones(vectors.size(0))])
        reranker = reranker.learned.with_count(count).bind(parts)
    return index.replace(
        labels=RowMatrix.joined([index.labels, rows]),
        bias=torch.cat([index.bias, bias]),
        postings=postings,
        shortlist=shortlist,
        expansion=expansion,
        reranker=reranker,
    )


def _keep_index(index: FrozenIndex, kept: Tensor, parts: LabelParts | None) -> FrozenIndex:
    """The index of labels ``kept``, int64 ``[n]``, ascending."""
    columns = kept.numpy()
    postings, expansion, shortlist = index.postings, index.expansion, index.shortlist
    if postings is not None:
        postings = TokenPostings.freeze(csr_of(postings.to_scipy()[:, columns]), 0.0, postings.dtype)
    if expansion is not None:
        graph = csr_of(expansion.to_scipy()[columns][:, columns])
        expansion = FrozenExpansion(graph.rowptr, graph.col, graph.value, expansion.mix)
    assert not isinstance(shortlist, FrozenBeamSearch)
    if shortlist is not None:
        shortlist = shortlist.kept(kept)
    reranker = index.reranker
    if reranker is not None:
        assert parts is not None  # where its sparse rows are
        reranker = reranker.learned.with_count(reranker.learned.count[kept]).bind(parts)
    return index.replace(
        labels=index.labels.take(kept),
        bias=index.bias[kept],
        postings=postings,
        shortlist=shortlist,
        expansion=expansion,
        reranker=reranker,
    )
