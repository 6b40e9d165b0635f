"""Nearest neighbours among sparse rows, by inverted lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Sums in another order differ by less: bounds are only trusted by more than this.
_SLACK = 1e-5


class TextNeighbors:
    """Finds the rows of largest inner product, comparing only rows that share a token.

    Rows open the lists of their tokens from the rarest to the most frequent, and stop as soon as what is left
    could not bring a row that has not been met to the top (MaxScore; Turtle and Flood, Information Processing and
    Management 31, 1995). Memory is that of the rows, twice, and 16 bytes a row for each search that runs.

    Args:
        x: rows ``[L, V]``, scipy CSR, values at least 0.
        max_list: lists longer than this are not opened: a row that shares only such tokens with another is not
            found by it. ``None`` opens all, which makes the search exact.
    """

    def __init__(self, x: csr_matrix, max_list: int | None = None) -> None:
        by_token = x.T.tocsr()
        length = np.diff(by_token.indptr)
        # Rows with their tokens from the rarest on.
        order = np.lexsort((length[x.indices], np.repeat(np.arange(x.shape[0]), np.diff(x.indptr))))
        self._rows = (x.indptr.astype(np.int64), x.indices[order], x.data[order])
        self._lists = (by_token.indptr.astype(np.int64), by_token.indices, by_token.data)
        largest = np.zeros(x.shape[1], dtype=np.float32)
        np.maximum.at(largest, x.indices, x.data)
        self._largest = largest
        self._max_list = x.shape[0] if max_list is None else max_list

    def search(self, start: int, stop: int, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The ``k`` nearest of rows ``start`` to ``stop``, themselves left out; may run in several threads.

        Returns:
            ``(index int64, product float32)`` of shape ``[stop - start, k]``, best first, of equal products the
            lower row; index -1 where there are fewer of a product above 0.
        """
        index = np.full((stop - start, k), -1, dtype=np.int64)
        product = np.zeros((stop - start, k), dtype=np.float32)
        _search(start, *self._rows, *self._lists, self._largest, self._max_list, index, product)
        return index, product


@numba.njit(nogil=True, cache=True)
def _search(  # pragma: no cover - compiled
    start, row_ptr, row_col, row_val, list_ptr, list_row, list_val, largest, max_list, index, product
):  # fmt: skip
    num_rows, k = row_ptr.size - 1, index.shape[1]
    partial = np.empty(num_rows, np.float32)
    met = np.empty(num_rows, np.int32)
    met_by = np.full(num_rows, -1, np.int64)
    query = np.zeros(largest.size, np.float32)
    for place in range(index.shape[0]):
        own = start + place
        first, last = row_ptr[own], row_ptr[own + 1]
        rest = np.float32(0.0)
        for p in range(first, last):
            query[row_col[p]] = row_val[p]
            rest += row_val[p] * largest[row_col[p]]
        count = 0
        least = np.float32(0.0)
        for p in range(first, last):
            token, value = row_col[p], row_val[p]
            begin, end = list_ptr[token], list_ptr[token + 1]
            if end - begin > max_list:
                break
            # Looking for the k-th best of what was met pays where the next list is longer.
            if count > k and end - begin > count:
                least = np.partition(partial[met[:count]], count - k - 1)[count - k - 1]
                if rest + _SLACK < least:
                    break
            for q in range(begin, end):
                row = list_row[q]
                if met_by[row] != own:
                    met_by[row] = own
                    partial[row] = 0.0
                    met[count] = row
                    count += 1
                partial[row] += value * list_val[q]
            rest -= value * largest[token]
        found = 0
        for i in range(count):
            row = met[i]
            bound = partial[row] + max(rest, np.float32(0.0)) + _SLACK
            if row == own or bound < least or (found == k and bound < product[place, k - 1]):
                continue
            total = 0.0
            for p in range(row_ptr[row], row_ptr[row + 1]):
                total += float(query[row_col[p]]) * row_val[p]
            exact = np.float32(total)
            if exact <= 0.0:
                continue
            at = found if found < k else k - 1
            if found == k:
                worst = product[place, at]
                if exact < worst or (exact == worst and row > index[place, at]):
                    continue
            else:
                found += 1
            while at > 0 and (
                product[place, at - 1] < exact or (product[place, at - 1] == exact and index[place, at - 1] > row)
            ):
                product[place, at], index[place, at] = product[place, at - 1], index[place, at - 1]
                at -= 1
            product[place, at], index[place, at] = exact, row
        for p in range(first, last):
            query[row_col[p]] = 0.0
