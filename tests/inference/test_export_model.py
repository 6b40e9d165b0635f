from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from scipy.sparse import csr_matrix

from xcgraph.data import Vectorizer
from xcgraph.inference import EnsembleRanker, Predictor, StoredModel, export_model, join_rankers

UIDS = [f"uid{i}" for i in range(12)]
TITLES = [f"títle {i}" for i in range(12)]
TEXTS = ["alpha beta", "beta gamma delta", "epsilon zeta", "eta theta iota"]  # nine words


def best(score, count):
    """The others set to zero."""
    return np.where(score >= np.sort(score)[-count], score, 0)


def stored(*members, vectorizer=True):
    return StoredModel(
        EnsembleRanker(list(members)), Vectorizer().fit(TEXTS) if vectorizer else None, UIDS, TITLES, {}
    )


@pytest.mark.parametrize("link", ["sigmoid", "softmax"])
@pytest.mark.parametrize(("lexical", "game"), [(True, 0.0), (False, 0.0), (True, 0.3)])
def test_what_is_written_answers_as_the_model_does(tmp_path, make_ranker, link, lexical, game):
    """By numpy, scipy and ``torch.export.load`` alone, as docs/export.md has it."""
    ranker = join_rankers([make_ranker(seed, link=link, game=game) for seed in range(2)])
    ranker.lexical = make_ranker(lexical=lexical).lexical
    model = stored(ranker)
    folder = tmp_path / "exported"
    export_model(model, folder, "torch")
    about = json.loads((folder / "export.json").read_text())
    assert (about["labels"], about["tokens"], about["dim"], about["mix"]) == (12, 9, 10, game)
    assert about["reranked"] is False
    names, table = json.loads((folder / "labels.json").read_text()), load_file(folder / "labels.safetensors")
    encoder = torch.export.load(folder / about["encoder"]).module()
    vectorizer = Vectorizer.load(folder / "vectorizer")
    for text, hits in zip(TEXTS, Predictor(model).predict(TEXTS, 12), strict=True):
        ids, weights = vectorizer.encode(text)
        document = encoder(torch.from_numpy(ids).long(), torch.from_numpy(weights), torch.tensor([0]))[0].numpy()
        logit = table["weight"] @ document + table["bias"]
        if lexical:
            start, stop = table["lexical.rowptr"][ids], table["lexical.rowptr"][ids + 1]
            for weight, first, last in zip(weights, start, stop, strict=True):
                logit[table["lexical.col"][first:last]] += weight * table["lexical.value"][first:last]
        assert about["link"] == link
        power = np.exp(logit)
        score = power / power.sum() if link == "softmax" else power / (1 + power)
        if game:
            graph = csr_matrix(tuple(table[f"graph.{part}"] for part in ("value", "col", "rowptr")), (12, 12))
            own = best(score, about["beam"])
            score = (1 - game) * own + game * best(own @ graph, about["beam"])
        order = np.argsort(-score, kind="stable")[: len(hits)]
        assert [names["uids"][label] for label in order] == [hit.uid for hit in hits]
        assert [names["titles"][label] for label in order] == [hit.title for hit in hits]
        np.testing.assert_allclose(score[order], [hit.score for hit in hits], rtol=1e-4, atol=1e-6)


def test_the_graph_is_there_if_it_counts(tmp_path, make_ranker):
    export_model(stored(make_ranker(game=0.4)), tmp_path / "with", "torch")
    expansion = make_ranker(game=0.4).expansion
    table = load_file(tmp_path / "with" / "labels.safetensors")
    for name in ("rowptr", "col", "value"):
        np.testing.assert_array_equal(table[f"graph.{name}"], getattr(expansion.graph, name))
    about = json.loads((tmp_path / "with" / "export.json").read_text())
    assert about["mix"] == 0.4 and about["beam"] == 6
    expansion.mix = 0
    ranker = make_ranker(bias=False)
    ranker.expansion = expansion
    export_model(stored(ranker, vectorizer=False), tmp_path / "without", "torch")
    table = load_file(tmp_path / "without" / "labels.safetensors")
    assert set(table) == {"weight", "bias"} and not table["bias"].any()
    assert not (tmp_path / "without" / "vectorizer").exists()


def test_mistakes(tmp_path, make_ranker):
    for members in ([make_ranker(shortlist=True)], [make_ranker(0), make_ranker(1)]):
        with pytest.raises(ValueError, match="scores by shortlists: there is no one table"):
            export_model(stored(*members), tmp_path / "out", "torch")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine").write_text("")
    with pytest.raises(FileExistsError, match="holds files already"):
        export_model(stored(make_ranker()), tmp_path, "torch")


def test_nothing_is_left_of_a_failed_export(tmp_path, make_ranker):
    ranker = make_ranker()
    ranker.encoder.bias[:] = torch.nan
    with pytest.raises(ValueError, match=r"^encoder\.pt2: "):
        export_model(stored(ranker), tmp_path / "out", "torch")
    assert list(tmp_path.iterdir()) == []
