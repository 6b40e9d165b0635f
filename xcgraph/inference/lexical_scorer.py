"""Scores from shared tokens, beside those of the embeddings."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from xcgraph.shortlist import sparse_centroids
from xcgraph.sparse import CSR

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Entries of one sparse product taken at a time.
_MAX_ENTRIES = 1 << 22
# A token that so many labels have is a column of a dense product instead: a few dozen such tokens ("of", "for")
# make up nine tenths of all products, which cost a hundred times as much one by one.
_HEAD_SHARE = 1 / 32
# Entries of the dense columns (128 MB).
_MAX_HEAD = 1 << 25


class LexicalScorer:
    r"""Adds :math:`\langle \mathbf{x}, \mathbf{v}_l \rangle` to the logits of labels, with a sparse
    :math:`\mathbf{v}_l` over tokens.

    Embeddings of few dimensions blur rare tokens, which is what tells rare labels apart; a sparse row a label
    gives them back at the cost of the tokens that document and label share. The row is a weighted sum of sparse
    rows, such as a linear classifier's, the centroid of the label's training documents and its text.

    Args:
        weight: what each token adds to each label, ``[V, L]``, rows being tokens.
    """

    def __init__(self, weight: CSR) -> None:
        self.weight = weight

    # Made at first use: a table may only be on its way to a device, a file or a frozen index.

    @cached_property
    def _head_tokens(self) -> Tensor:
        """Tokens that are dense columns, the most frequent first."""
        counts = self.weight.row_counts()
        head = (counts > _HEAD_SHARE * self.weight.shape[1]).nonzero().view(-1)
        most = _MAX_HEAD // max(1, self.weight.shape[1])
        return head[counts[head].argsort(descending=True, stable=True)[:most]]

    @cached_property
    def _head(self) -> Tensor:
        """Which dense row a token has, -1 for none, shape ``[V]``."""
        head = self._head_tokens
        place = torch.arange(head.numel(), device=head.device)
        return head.new_full((self.weight.shape[0],), -1).index_copy_(0, head, place)

    @cached_property
    def _head_rows(self) -> Tensor:
        """Shape ``[H, L]``."""
        rows = self.weight.select_rows(self._head_tokens)
        dense = rows.value.new_zeros(rows.shape)
        dense[rows.row(), rows.col] = rows.value
        return dense

    @classmethod
    def weighted(cls, parts: Iterable[tuple[csr_matrix, float]]) -> LexicalScorer:
        """The weighted sum of sparse rows.

        Args:
            parts: rows ``[L, V]`` and their weights; those without weight are left out.

        Raises:
            ValueError: if no part has a weight.
        """
        weighted: list[Any] = [rows * weight for rows, weight in parts if weight]
        if not weighted:
            raise ValueError("expected at least one part with a weight other than 0, got none")
        total = sum(weighted[1:], weighted[0]).T.tocsr()
        total.sort_indices()
        return cls(CSR.from_scipy(total.astype("float32")))

    def to(self, device: torch.device | str) -> LexicalScorer:
        """The same on another device."""
        return LexicalScorer(self.weight.to(device))

    def add_(self, logit: Tensor, doc_x: CSR) -> Tensor:
        """Adds to logits of all labels, in place.

        Args:
            logit: shape ``[N, L]``.
            doc_x: documents, ``[N, V]``.
        """
        head, row = self._head[doc_x.col], doc_x.row()
        dense = head >= 0
        if bool(dense.any()):
            tokens, column = head[dense].unique(return_inverse=True)
            x = logit.new_zeros(logit.size(0), tokens.numel())
            x.index_put_((row[dense], column), doc_x.value[dense], accumulate=True)
            logit.addmm_(x, self._head_rows[tokens])
        flat = logit.view(-1)
        for token, document, value in self._pieces(doc_x.col[~dense], row[~dense], doc_x.value[~dense]):
            entry = self.weight.select_rows(token)
            row = entry.row()
            flat.index_add_(0, document[row] * logit.size(1) + entry.col, value[row] * entry.value)
        return logit

    def of_shortlist(self, doc_x: CSR, shortlist: Tensor) -> Tensor:
        """What :meth:`add_` adds, for labels ``shortlist`` (``[N, S]``, -1 for none, where it is 0)."""
        num_labels = self.weight.shape[1]
        out = torch.zeros(shortlist.shape, dtype=self.weight.value.dtype, device=shortlist.device)
        # One dense row a document at a time is far less than a search for every label of its shortlist.
        size = max(1, _MAX_ENTRIES // max(1, num_labels))
        for rows in torch.arange(shortlist.size(0), device=shortlist.device).split(size):
            dense = out.new_zeros(rows.numel(), num_labels)
            self.add_(dense, doc_x.select_rows(rows))
            near = shortlist[rows]
            out[rows] = dense.gather(1, near.clamp(min=0)).masked_fill(near < 0, 0.0)
        return out

    def _pieces(self, token: Tensor, document: Tensor, value: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Entries of documents, in runs whose products are of bounded size."""
        size = self.weight.row_counts()[token]
        piece = torch.div(size.cumsum(0), _MAX_ENTRIES, rounding_mode="floor")
        counts = torch.bincount(piece).tolist() if piece.numel() else []
        counts = [count for count in counts if count]
        return list(zip(token.split(counts), document.split(counts), value.split(counts), strict=True))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.weight.shape[1]} labels, {self.weight.nnz} weights)"


def document_centroids(train_x: csr_matrix, train_y: csr_matrix) -> csr_matrix:
    """Mean TF-IDF row of each label's training documents, scaled to norm 1.

    Args:
        train_x: documents, ``[N, V]``.
        train_y: relevance, ``[N, L]``.

    Returns:
        ``[L, V]``; the 1,000 heaviest tokens a label; labels without documents have empty rows.
    """
    from sklearn.preprocessing import normalize

    return normalize(sparse_centroids(train_y, train_x))
