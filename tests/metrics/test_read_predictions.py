from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix, save_npz

from xcgraph.metrics import read_predictions

SCORES = csr_matrix(([0.5, 0.25], ([0, 1], [2, 0])), shape=(2, 3))


def test_scores(tmp_path):
    save_npz(tmp_path / "x.npz", SCORES.tocoo())
    matrix, score = read_predictions(tmp_path / "x.npz")
    assert score is None and matrix.format == "csr" and (matrix != SCORES).nnz == 0


@pytest.mark.parametrize("scored", [False, True])
def test_ranked_labels(tmp_path, scored):
    index, score = np.array([[2, -1], [0, 1]]), np.array([[0.5, 0.0], [0.25, 0.1]])
    np.savez(tmp_path / "x.npz", index=index, **({"score": score} if scored else {}))
    found = read_predictions(tmp_path / "x.npz")
    assert (found[0] == index).all() and (found[1] is None) != scored
    assert not scored or (found[1] == score).all()


def test_columns_beyond_the_matrix(tmp_path):
    broken = SCORES.copy()
    broken.indices[:] = 7
    save_npz(tmp_path / "x.npz", broken)
    with pytest.raises(ValueError, match="got something else"):
        read_predictions(tmp_path / "x.npz")


def test_other_files(tmp_path):
    with pytest.raises(OSError):
        read_predictions(tmp_path / "absent.npz")
    np.savez(tmp_path / "x.npz", scores=np.ones(3))
    with pytest.raises(ValueError, match="got arrays scores"):
        read_predictions(tmp_path / "x.npz")
    (tmp_path / "x.npz").write_text("P@1 99")
    with pytest.raises(ValueError, match="got something else"):
        read_predictions(tmp_path / "x.npz")
