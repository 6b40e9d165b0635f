"""Predictions of anybody, from a file."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def read_predictions(path: str | os.PathLike[str]) -> tuple[csr_matrix | np.ndarray, np.ndarray | None]:
    """What :class:`~xcgraph.metrics.Evaluator` takes as ``index`` and ``score``.

    Args:
        path: a scipy sparse matrix of scores, test documents x labels (``scipy.sparse.save_npz``), such as
            ``predictions.npz`` of a run; or arrays ``index`` and maybe ``score`` (``numpy.savez``).

    Returns:
        ``(matrix, None)``, a sound CSR matrix, or ``(index, score or None)``.

    Raises:
        OSError: if there is no such file.
        ValueError: if it holds something else.
    """
    from scipy.sparse import load_npz

    wanted = "expected a scipy sparse matrix (scipy.sparse.save_npz), or arrays 'index' and 'score' (numpy.savez)"
    got = ""
    try:
        loaded = np.load(path)
        if isinstance(loaded, np.ndarray):
            got = "a single array"
            raise ValueError(got)
        with loaded as file:
            if "index" in file.files:
                return file["index"], file["score"] if "score" in file.files else None
            if "format" not in file.files:
                got = f"arrays {', '.join(file.files) or 'of no name'}"
                raise ValueError(got)
        matrix = load_npz(path).tocsr()
        # The constructor trusts column numbers, which may lie beyond the matrix.
        matrix.check_format(full_check=True)
    except (zipfile.BadZipFile, EOFError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{wanted}, got {got or 'something else'}") from error
    if matrix.dtype.kind not in "bfiu":
        raise ValueError(f"expected scores that are numbers, got {matrix.dtype}")
    return matrix, None
