from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from xcgraph.inference import Explainer, FrozenModel, Predictor, join_rankers
from xcgraph.sparse import CSR

TEXT = "waa wab way wad waz wbc unknown"
CASES = [
    ("eclare",),
    ("eclare", "combine=attention"),
    ("eclare", "num_hops=2"),
    ("eclare", "label_text=false"),
    ("eclare", "refinement=false"),
    ("eclare", "fusion=false", "game=0.4"),
    ("eclare", "loss=bce", "instances=3"),
    ("decaf",),
    ("decaf", "fusion=false"),
]


def logits(model, text: str) -> list[float]:
    """Of all labels, by the trained ranker."""
    ranker = model.ranker.members[0]
    x = CSR.from_scipy(model.vectorizer.transform([text]))
    logit = torch.nn.functional.linear(ranker.encoder(x), ranker.weight, ranker.bias)
    return (logit if ranker.lexical is None else ranker.lexical.add_(logit, x))[0].tolist()


@pytest.mark.parametrize("text", [TEXT, "", "wad"])
@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_everything_adds_up(train, case, text):
    model = train(*case)
    frozen = FrozenModel.freeze(model)
    found = Explainer(frozen).explain(text, k=12, num_neighbours=2, num_tokens=3)
    hits = Predictor(frozen).predict([text], 12)[0]
    assert [(e.uid, e.title, e.score) for e in found] == [tuple(hit) for hit in hits] and len(found) == 12
    expected = dict(zip(model.label_uids, logits(model, text), strict=True))
    for e in found:
        assert e.logit == pytest.approx(expected[e.uid], abs=1e-4)
        assert "rounding" not in e.parts
        assert sum(e.parts.values()) == pytest.approx(expected[e.uid], abs=1e-4)
        assert sum(v for _, v in e.tokens) + e.other_tokens + e.no_token == pytest.approx(e.logit, abs=1e-9)
        graph = sum(share.share for share in e.neighbours) + e.other_neighbours + e.graph_constant
        assert graph == pytest.approx(e.parts.get("graph", 0.0), abs=1e-9)
        assert len(e.neighbours) <= 2 and len(e.tokens) <= 3
        assert "unknown" not in dict(e.tokens)
        if "game=0.4" in case:
            spread = e.game.own + sum(share.share for share in e.game.neighbours) + e.game.other_neighbours
            assert spread == pytest.approx(e.score, abs=1e-6)
        else:
            assert e.game is None


def test_parts_are_those_of_the_model(train):
    """Each part by itself, from the model's own layers; one instance, all shares one."""
    from xcgraph.training.instance import InstanceTrainer

    seen = {}
    vectors = InstanceTrainer.vectors

    def spy(self, model, hops, block=1 << 15):
        seen["model"], seen["hops"] = model, hops
        return vectors(self, model, hops, block)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(InstanceTrainer, "vectors", spy)
        model = train("eclare", "instances=1", "patience=7")  # not yet trained by another test
    network, hops = seen["model"].eval(), seen["hops"].compute().detach()
    x = network.encode_documents(CSR.from_scipy(model.vectorizer.transform([TEXT])))[0]
    with torch.no_grad():
        components = network.label_blocks.forward_hops(hops)
        gate = network.mixer.gate.sigmoid()
        # Both against the mean of all label vectors.
        centre = network.label_vectors(hops)[0].mean(0) / 2
        text, graph = (((gate[i] * components[:, i] - centre) @ x).tolist() for i in range(2))
        refinement = ((gate[2] * network.classifier.weight) @ x).tolist()
    for e in Explainer(FrozenModel.freeze(model)).explain(TEXT, 12):
        label = model.label_uids.index(e.uid)
        assert e.parts["text"] == pytest.approx(text[label], abs=1e-5)
        assert e.parts["graph"] == pytest.approx(graph[label], abs=1e-5)
        assert e.parts["refinement"] == pytest.approx(refinement[label], abs=1e-5)


def test_lexical_parts(train):
    model = train()
    ids, weights = model.vectorizer.encode(TEXT)
    parts = model.ranker.members[0].parts
    for e in Explainer(FrozenModel.freeze(model)).explain(TEXT, 12):
        label = model.label_uids.index(e.uid)
        own = model.vectorizer.transform([e.title]).toarray()[0, ids] @ weights
        assert e.parts["label_text"] == pytest.approx(parts.weights["text"] * own, abs=1e-5)
        for name in ("linear", "centroid"):
            row = parts.lexical[name].to_scipy()[label].toarray()[0, ids]
            assert e.parts[name] == pytest.approx(row @ weights, abs=1e-5)


def test_a_token_is_answered_for_where_it_stands(train):
    """Where no ReLU turns, leaving a little of a token out changes the logit by as much of its share."""
    frozen = FrozenModel.freeze(train())
    explainer = Explainer(frozen)
    (best, *_) = explainer.explain(TEXT, 1)
    ids, weights = frozen.vectorizer.encode(TEXT)
    label = frozen.label_uids.index(best.uid)
    rows = frozen.parts.lexical_rows

    def logit(weights):
        x = CSR(torch.tensor([0, len(ids)]), torch.from_numpy(ids).long(), torch.from_numpy(weights), (1, 38))
        ranker = train().ranker.members[0]
        document = ranker.encoder(x)[0].double()
        lexical = sum(float(matrix[label, ids].toarray()[0] @ weights) for matrix in rows.values())
        return float(document @ ranker.weight[label].double() + ranker.bias[label]) + lexical

    vocabulary = frozen.vectorizer.vocabulary
    for token, share in best.tokens[:3]:
        changed = weights.copy()
        changed[ids == vocabulary.index(token)] *= np.float32(1 - 1e-3)
        assert logit(weights) - logit(changed) == pytest.approx(1e-3 * share, rel=0.05, abs=2e-6)


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_rounded_models_say_what_rounding_did(train, dtype):
    frozen = FrozenModel.freeze(train(), dtype, min_weight=0.3)
    for e in Explainer(frozen).explain(TEXT, 5):
        assert sum(e.parts.values()) == pytest.approx(e.logit, abs=1e-9)
        assert e.parts["rounding"] != 0
        assert sum(v for _, v in e.tokens) + e.other_tokens + e.no_token == pytest.approx(e.logit, abs=1e-9)


def test_models_that_cannot_be_explained(train, make_ranker):
    frozen = FrozenModel.freeze(train())
    with pytest.raises(ValueError, match="train it again with this version"):
        Explainer(replace(frozen, parts=None))
    with pytest.raises(ValueError, match="freeze it again with --explain"):
        Explainer(FrozenModel.freeze(train(), "int8", explain=False))
    with pytest.raises(ValueError, match="cannot read texts"):
        Explainer(replace(frozen, vectorizer=None))
    assert join_rankers([make_ranker(0), make_ranker(1)]).parts is None
