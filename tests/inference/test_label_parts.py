from __future__ import annotations

import json

import pytest
import torch

from xcgraph.inference import FrozenModel, LabelParts, load_model, save_model
from xcgraph.inference.label_parts import PARTS_FILES


def save(model, folder):
    save_model(folder, model.ranker, model.vectorizer, model.label_uids, model.label_titles, {})
    return folder


def test_round_trip(train, tmp_path):
    model = train()
    parts, again = model.ranker.members[0].parts, load_model(save(model, tmp_path / "m")).ranker.members[0].parts
    assert again.complete and again.num_labels == 12 and again.weights == parts.weights and not again.rounded
    assert torch.equal(again.share, parts.share) and torch.equal(again.rows, torch.arange(12))
    for one, other in zip(parts.composers, again.composers, strict=True):
        assert one.first_hop == other.first_hop
        assert {name: t.tolist() for name, t in one.tensors().items()} == {
            name: t.tolist() for name, t in other.tensors().items()
        }
    for name, matrix in parts.lexical_rows.items():
        assert abs(matrix - again.lexical_rows[name]).max() == 0
    assert abs(parts.text_rows - again.text_rows).max() == 0


def test_small_parts_cannot_explain(train):
    parts = train().ranker.members[0].parts
    small = parts.without_large()
    assert parts.complete and not small.complete
    assert small.lexical is None and all(c.refinement is None for c in small.composers)


def test_powers_of_the_graph(train):
    parts = train("eclare", "num_hops=2").ranker.members[0].parts
    graph = parts.composers[1].graph.to_scipy().toarray()
    assert parts.reached(1, [3, 0], 0).toarray().tolist() == torch.eye(12)[[3, 0]].tolist()
    assert parts.reached(1, [3, 0], 1).toarray() == pytest.approx(graph[[3, 0]])
    assert parts.reached(1, [3, 0], 2).toarray() == pytest.approx((graph @ graph)[[3, 0]], abs=1e-6)


def test_a_folder_without_parts(train, tmp_path):
    model = train()
    parts = model.ranker.members[0].parts
    model.ranker.members[0].parts = None
    try:
        save(model, tmp_path / "m")
    finally:
        model.ranker.members[0].parts = parts
    assert not any((tmp_path / "m" / name).exists() for name in PARTS_FILES)
    assert load_model(tmp_path / "m").ranker.members[0].parts is None
    assert FrozenModel.freeze(load_model(tmp_path / "m")).parts is None


def test_parts_of_an_older_model_go(train, tmp_path, make_ranker):
    from xcgraph.inference import EnsembleRanker

    save(train(), tmp_path / "m")
    names = [str(i) for i in range(12)]
    save_model(tmp_path / "m", EnsembleRanker([make_ranker()]), None, names, names, {})
    assert load_model(tmp_path / "m").ranker.members[0].parts is None


def test_sizes_that_do_not_fit(train):
    parts = train().ranker.members[0].parts
    with pytest.raises(ValueError, match=r"expected shares \[2, 12\], got \[1, 12\]"):
        parts.replace(share=torch.ones(1, 12))
    with pytest.raises(ValueError, match="rows to be below 12"):
        parts.replace(rows=torch.tensor([0, 12]))
    with pytest.raises(ValueError, match="matrices of 12 rows, got 3"):
        parts.replace(lexical={"text": parts.text.select_rows(torch.arange(3))})


def test_damage_is_told(train, tmp_path):
    save(train(), tmp_path / "m")
    path = tmp_path / "m" / "parts.json"
    path.write_text(path.read_text().replace('"rounded": false', '"rounded": true '))
    with pytest.raises(ValueError, match=r"parts.json is damaged"):
        load_model(tmp_path / "m")
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    assert set(PARTS_FILES) <= set(config["files"])
    assert isinstance(LabelParts.load(tmp_path / "m", config), LabelParts)
