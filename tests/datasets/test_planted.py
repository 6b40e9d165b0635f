from __future__ import annotations

import hashlib

import numpy as np
import pytest
from tiny_sources import read_json_lines, targets

from xcgraph.datasets import PlantedSource, build_planted, planted_matrices
from xcgraph.datasets.planted import planted_words


def digest(folder):
    parts = sorted((file.name, file.read_bytes()) for file in folder.iterdir())
    return hashlib.sha256(b"".join(name.encode() + data for name, data in parts)).hexdigest()


def test_files_and_matrices_hold_the_same(tmp_path):
    report = build_planted(tmp_path / "out", num_labels=60, seed=2)
    data = planted_matrices(60, seed=2)
    words = planted_words(data.num_features)
    for name, x, y in (("trn", data.train_x, data.train_y), ("tst", data.test_x, data.test_y)):
        found = targets(tmp_path / f"out/{name}.json.gz")
        assert len(found) == x.shape[0] == y.shape[0]
        assert list(found.values()) == [row.indices.tolist() for row in y]
        for record, row in zip(read_json_lines(tmp_path / f"out/{name}.json.gz"), x, strict=True):
            assert set(record["title"].split()) == {words[column] for column in row.indices}
    for record, row in zip(read_json_lines(tmp_path / "out/lbl.json.gz"), data.label_x, strict=True):
        assert set(record["title"].split()) == {words[column] for column in row.indices}
    assert (report.train, report.test, report.labels) == (*data.train_y.shape[:1], *data.test_y.shape)
    assert (report.train_pairs, report.test_pairs) == (data.train_y.nnz, data.test_y.nnz)
    assert report.tail_labels == int((data.train_y.sum(axis=0) < 5).sum())


def test_same_seed_same_bytes(tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        build_planted(tmp_path / name, num_labels=30, seed=seed)
    assert digest(tmp_path / "a") == digest(tmp_path / "b") != digest(tmp_path / "c")


def test_matrices_are_tf_idf():
    source = PlantedSource(50)
    data = planted_matrices(50)
    ((_, _, tokens),) = source.documents("train")
    ((_, titles),) = source.labels()
    texts = [[t for t in row.tolist() if t >= 0] for row in [*tokens, *titles]]
    idf = {
        t: np.log((1 + len(texts)) / (1 + sum(t in text for text in texts))) + 1 for text in texts for t in text
    }
    row = {t: (1 + np.log(texts[7].count(t))) * idf[t] for t in texts[7]}
    norm = np.sqrt(sum(value**2 for value in row.values()))
    expected = {t: pytest.approx(value / norm, rel=1e-5) for t, value in row.items()}
    assert dict(zip(data.train_x[7].indices.tolist(), data.train_x[7].data.tolist(), strict=True)) == expected
    for matrix in (data.train_x, data.test_x, data.label_x, data.train_y, data.test_y):
        assert matrix.dtype == np.float32
        matrix.has_sorted_indices = False
        before = matrix.indices.copy()
        matrix.sort_indices()
        assert (matrix.indices == before).all()
    assert (data.train_y.data == 1).all()


def test_words_differ():
    words = planted_words(50_000)
    assert len(set(words)) == 50_000
    assert all(word.isalpha() and word.islower() for word in words[::1000])


def test_text_then_graph_then_both():
    """How well the nearest label does: by label text, by the graph (training documents of neighbours), by both."""
    data = planted_matrices(2000, seed=1)
    y, truth = data.train_y, data.test_y.toarray() > 0

    def rows_of_norm_one(matrix):
        norm = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1))).reshape(-1, 1)
        return matrix.multiply(1 / np.maximum(norm, 1e-9)).tocsr()

    together = (y.T @ y).tocsr()
    scale = 1 / np.sqrt(np.asarray(together.sum(axis=1)).reshape(-1, 1))
    graph = together.multiply(scale).multiply(scale.T).tocsr()
    centroid = rows_of_norm_one(y.T @ data.train_x)
    by_graph = rows_of_norm_one(graph @ centroid)
    ways = {
        "text": data.label_x,
        "graph": by_graph,
        "both": rows_of_norm_one(by_graph + data.label_x),
        "centroid": rows_of_norm_one(centroid + data.label_x),
        "all": rows_of_norm_one(by_graph + data.label_x + centroid),
    }
    precision = {}
    for name, labels in ways.items():
        top = np.argsort(-(data.test_x @ labels.T).toarray(), axis=1, kind="stable")[:, :5]
        precision[name] = 100 * np.take_along_axis(truth, top, axis=1).mean()
    assert precision["text"] + 5 < precision["graph"]
    assert precision["graph"] + 0.2 < precision["both"]
    # The graph adds to what label texts and training documents say without it.
    assert precision["centroid"] + 0.5 < precision["all"]
