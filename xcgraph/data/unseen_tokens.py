"""Held out documents as a vectorizer would have made them, had it been fitted without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .only_columns import only_columns

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def drop_unseen_tokens(x: csr_matrix, *seen: csr_matrix) -> csr_matrix:
    """Rows of ``x`` without the tokens that no row of ``seen`` has, as long as they were.

    A vocabulary is made from training documents and labels, so that new documents have no other tokens. Held out
    training documents do: words of their own that nothing was learned about, and that take up a part of their
    norm. All scores of such documents are lower than those of new ones, and similarities most of all.

    Args:
        x: held out documents, ``[N, V]``.
        seen: features of what is learned from, each ``[M, V]``.

    Returns:
        ``[N, V]`` with the row norms of ``x``; rows without a seen token are empty.

    Raises:
        ValueError: if features are not of one vocabulary.
    """
    from scipy.sparse import csr_matrix, diags_array
    from scipy.sparse.linalg import norm

    known = np.zeros(x.shape[1], dtype=bool)
    for matrix in seen:
        if matrix.shape[1] != x.shape[1]:
            raise ValueError(f"expected features of {x.shape[1]} tokens, as 'x' has, got {matrix.shape[1]}")
        known[matrix.indices] = True
    kept = only_columns(x, known)
    before, after = norm(x, axis=1), norm(kept, axis=1)
    scale = np.divide(before, after, out=np.zeros_like(before), where=after > 0)
    return csr_matrix(diags_array(scale) @ kept, dtype=x.dtype)
