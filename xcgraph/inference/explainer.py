"""From a text to the exact split of its labels' scores."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .explanation import Explanation, Share, Spread
from .frozen_encoder import FrozenEncoder
from .frozen_model import FrozenModel
from .label_parts import LabelParts

_NAMES = {"linear": "linear", "centroid": "centroid", "text": "label_text"}


class Explainer:
    r"""Splits logits :math:`\langle \mathbf{w}_l, \mathbf{x} \rangle + b_l + \langle \mathbf{t}, \mathbf{v}_l
    \rangle` into what makes them.

    Blocks are linear but for their ReLUs, and those are kept as they are for the text at hand: there, a block *is*
    a linear map plus a constant, and splits over tokens or neighbours are sums without a remainder. They say what
    each adds here, not what the score would be without it. All is computed in float64.

    Args:
        model: a frozen model with all its parts.

    Raises:
        ValueError: if it has no vectoriser, several members or a trained shortlist, or its parts were not kept.
    """

    def __init__(self, model: FrozenModel) -> None:
        if model.vectorizer is None:
            raise ValueError("this model was trained on ready-made features: it cannot read texts")
        self.index = model.one_index
        if model.parts is None:
            raise ValueError("this model has nothing to explain its scores by: train it again with this version")
        if not model.parts.complete:
            raise ValueError(
                "this model was frozen without what explains its scores: freeze it again with --explain, "
                "or explain the model that it was frozen from"
            )
        self.model = model
        self.parts: LabelParts = model.parts
        self.vectorizer = model.vectorizer
        self._vocabulary = model.vectorizer.vocabulary
        self._label_of = {row: label for label, row in enumerate(model.parts.rows.tolist())}

    @torch.no_grad()
    def explain(self, text: str, k: int = 5, num_neighbours: int = 5, num_tokens: int = 10) -> list[Explanation]:
        """The ``k`` best labels of a text, each with its explanation, best first.

        Args:
            text: any text.
            k: labels wanted.
            num_neighbours: neighbours named; the others are added up.
            num_tokens: tokens named; the others are added up.
        """
        index = self.index
        ids, weights = self.vectorizer.encode(text)
        labels, scores = index.rank(ids, weights, k)
        documents = [_Document.embed(encoder, ids, weights) for encoder in index.encoders]
        before = None
        if index.expands:
            before = index.before_expansion(ids, weights, min(k, index.num_labels))
        reranked = self._reranked(ids, weights, k)
        return [
            replace(
                self._explain(
                    int(label), float(score), ids, weights, documents, before, num_neighbours, num_tokens
                ),
                reranked=reranked.get(int(label), 0.0),
            )
            for label, score in zip(labels, scores, strict=True)
        ]

    def _reranked(self, ids: np.ndarray, weights: np.ndarray, k: int) -> dict[int, float]:
        """What the new order of the best labels adds to their logits."""
        if self.index.reranker is None:
            return {}
        wanted = max(k, self.index.reranker.depth)
        labels, after = self.index.before_expansion(ids, weights, wanted)
        old, before = self.index.replace(reranker=None).before_expansion(ids, weights, wanted)
        own = dict(zip(old.tolist(), before.tolist(), strict=True))
        # Of a softmax, logits differ as logarithms of probabilities do.
        of = math.log if self.index.link == "softmax" else _log_odds
        return {
            label: of(value) - of(own[label]) if value != own[label] else 0.0
            for label, value in zip(labels.tolist(), after.tolist(), strict=True)
        }

    def _explain(
        self,
        label: int,
        score: float,
        ids: np.ndarray,
        weights: np.ndarray,
        documents: list[_Document],
        before: tuple[np.ndarray, np.ndarray] | None,
        num_neighbours: int,
        num_tokens: int,
    ) -> Explanation:
        index = self.index
        vector = index.vectors(torch.tensor([label])).squeeze(0).double()
        bias = float(index.bias[label])
        tokens, no_token = np.zeros(len(ids)), bias
        start = 0
        for document in documents:
            share, constant = document.split(vector[start : start + document.x.numel()])
            tokens += share.numpy()
            no_token += constant
            start += document.x.numel()
        if index.postings is not None:
            tokens += weights.astype(np.float64) * index.postings.weights_of(ids, label)
        logit = float(tokens.sum() + no_token)

        row = int(self.parts.rows[label])
        parts, neighbours, graph_constant = self._label_side(row, documents)
        parts["bias"] = bias
        for name, matrix in self.parts.lexical_rows.items():
            rows = np.asarray(matrix[row, ids].todense(), dtype=np.float64).ravel()
            parts[_NAMES[name]] = float(rows @ weights)
        if self.parts.rounded:
            parts["rounding"] = logit - sum(parts.values())

        named, rest = _largest(neighbours.items(), num_neighbours)
        named_tokens, other_tokens = _largest(
            ((self._vocabulary[i], share) for i, share in zip(ids.tolist(), tokens.tolist(), strict=True)),
            num_tokens,
        )
        return Explanation(
            self.model.label_uids[label],
            self.model.label_titles[label],
            score,
            score,
            logit,
            parts,
            [Share(*self._name(other), share) for other, share in named],
            rest,
            graph_constant,
            named_tokens,
            other_tokens,
            no_token,
            None if before is None else self._spread(label, *before, num_neighbours),
        )

    def _label_side(
        self, row: int, documents: list[_Document]
    ) -> tuple[dict[str, float], dict[int, float], float]:
        """Parts of the label's vector times the document, the graph's by neighbours (rows), and its constant."""
        parts: dict[str, float] = {}
        neighbours: dict[int, float] = {}
        graph_constant = 0.0
        for number, (composer, document) in enumerate(zip(self.parts.composers, documents, strict=True)):
            x = float(self.parts.share[number, row]) * document.x
            attention = None if composer.attention is None else composer.attention[row : row + 1].double()
            for part, hop in enumerate(composer.hops):
                reached = self.parts.reached(number, [row], hop)
                texts = document.encoder.bag(self.parts.text_rows[reached.indices])
                v = torch.from_numpy(reached.data.astype(np.float64)) @ texts
                q = composer.gates(part, attention).double().squeeze(0) * x
                gate, weight = composer.gate[part].double(), composer.weight[part].double()
                slope = gate * q + (v > 0) * (weight.t() @ q)
                share = torch.from_numpy(reached.data.astype(np.float64)) * (texts @ slope)
                constant = float(composer.bias[part].double() @ q)
                name = "text" if hop == 0 else "graph"
                parts[name] = parts.get(name, 0.0) + float(share.sum()) + constant
                if hop > 0:
                    graph_constant += constant
                    for other, value in zip(reached.indices.tolist(), share.tolist(), strict=True):
                        neighbours[other] = neighbours.get(other, 0.0) + value
            if composer.refinement is not None:
                gates = composer.gates(len(composer.hops), attention).double().squeeze(0)
                own = float((gates * composer.refinement[row].double()) @ x)
                parts["refinement"] = parts.get("refinement", 0.0) + own
        return parts, neighbours, graph_constant

    def _spread(self, label: int, labels: np.ndarray, scores: np.ndarray, num_neighbours: int) -> Spread:
        expansion = self.index.expansion
        assert expansion is not None
        own, moved = expansion.contributions(labels, scores, label)
        named, rest = _largest(zip(labels.tolist(), moved.tolist(), strict=True), num_neighbours)
        shares = [
            Share(self.model.label_uids[other], self.model.label_titles[other], share)
            for other, share in named
            if share > 0
        ]
        return Spread(own, shares, rest)

    def _name(self, row: int) -> tuple[str, str]:
        label = self._label_of.get(row)
        if label is None:
            return self.parts.removed[row]
        return self.model.label_uids[label], self.model.label_titles[label]


class _Document(NamedTuple):
    """One encoder at one text: its embedding, and the linear map that it is there.

    Args:
        encoder: the encoder.
        tokens: embeddings of the text's tokens times their weights, ``[n, D]``.
        x: embedding of the text, ``[D]``.
        inner: where the bag of tokens is positive, bool ``[D]``.
        outer: where the embedding is, bool ``[D]``.
    """

    encoder: FrozenEncoder
    tokens: Tensor
    x: Tensor
    inner: Tensor
    outer: Tensor

    @classmethod
    def embed(cls, encoder: FrozenEncoder, ids: np.ndarray, weights: np.ndarray) -> _Document:
        tokens = encoder.tokens.select(torch.from_numpy(ids).long()).double()
        tokens = tokens * torch.from_numpy(weights).double().unsqueeze(1)
        v = tokens.sum(dim=0)
        gate, weight, bias = (part.double() for part in encoder.block)
        out = gate * v + weight @ v.relu() + bias
        return cls(encoder, tokens, out.relu(), v > 0, out > 0)

    def split(self, w: Tensor) -> tuple[Tensor, float]:
        """Inner product with ``w`` ``[D]``: what each token adds, ``[n]``, and the constant."""
        gate, weight, bias = (part.double() for part in self.encoder.block)
        q = self.outer * w
        return self.tokens @ (gate * q + self.inner * (weight.t() @ q)), float(bias @ q)


def _log_odds(probability: float) -> float:
    return math.log(probability) - math.log1p(-probability)


def _largest(shares: Iterable[tuple], count: int) -> tuple[list[tuple], float]:
    """The shares of largest magnitude, those of zero left out, and the sum of the others."""
    order = sorted((share for share in shares if share[1] != 0), key=lambda share: -abs(share[1]))
    return order[:count], float(sum(share for _, share in order[count:]))
