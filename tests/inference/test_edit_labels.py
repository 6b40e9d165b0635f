from __future__ import annotations

import numpy as np
import pytest
import torch

from xcgraph.inference import (
    Explainer,
    FrozenModel,
    Predictor,
    add_labels,
    remove_labels,
    rename_label,
)

TEXTS = ["waa wab way", "wad waz wbc", "wae waf wba", "", "wag wbc"]
#: Words of label 0 with one of label 4.
TITLE = "waa wab wai"
KINDS = [
    ("float32", "none"),
    ("float32", "projection"),
    ("float16", "none"),
    ("int8", "clusters"),
    ("int8", "none"),
]


@pytest.fixture(params=KINDS, ids="-".join)
def frozen(request, train):
    dtype, shortlist = request.param
    return FrozenModel.freeze(train(), dtype, shortlist)


def logits(model, text):
    """Of all labels, by uid."""
    return {e.uid: e.logit for e in Explainer(model).explain(text, model.index.num_labels)}


def hits(model, text, k=20):
    return Predictor(model).predict([text], k, exact=True)[0]


def test_old_labels_stay_as_they_are(frozen):
    more = add_labels(frozen, [TITLE, "wag wah"], ["new", "other"])
    assert more.label_uids == [*frozen.label_uids, "new", "other"] and frozen.index.num_labels == 12
    assert more.label_titles[-2:] == [TITLE, "wag wah"] and more.index.num_labels == 14
    for text in TEXTS:
        before, after = logits(frozen, text), logits(more, text)
        assert {uid: after[uid] for uid in before} == pytest.approx(before, abs=1e-5)


def test_a_new_label_is_found_by_its_words(frozen):
    more = add_labels(frozen, [TITLE], ["new"])
    assert "new" in [hit.uid for hit in hits(more, TITLE, 3)]
    with_shortlist = Predictor(more).predict([TITLE], 3)[0]
    assert "new" in [hit.uid for hit in with_shortlist]


def test_a_new_label_is_explained(frozen):
    more = add_labels(frozen, [TITLE], ["new"])
    (found,) = [e for e in Explainer(more).explain(TITLE, 13) if e.uid == "new"]
    rounding = found.parts.get("rounding", 0.0)
    tolerance = 1e-4 if frozen.index.labels.dtype == "float32" else 0.2
    assert sum(found.parts.values()) - rounding == pytest.approx(found.logit, abs=tolerance)
    assert found.parts["graph"] == pytest.approx(
        sum(share.share for share in found.neighbours) + found.other_neighbours + found.graph_constant
    )
    # Its nearest text is that of label 0.
    assert "label-0" in [share.uid for share in found.neighbours]


def test_named_neighbours_count(train):
    frozen = FrozenModel.freeze(train())
    text = frozen.label_titles[9]
    scores = {}
    for name, near in {"by text": None, "9": ["label-9"], "much 9": {"label-9": 3.0, "label-0": 1.0}}.items():
        scores[name] = logits(add_labels(frozen, [TITLE], ["new"], [near]), text)["new"]
    assert scores["9"] > scores["much 9"] > scores["by text"]


def test_neighbours_that_are_found(train):
    """Labels of near texts and answers to the title; named with the same weights, they make the same vector."""
    frozen = FrozenModel.freeze(train())
    x = frozen.vectorizer.transform([TITLE])
    cosine = (x @ frozen.vectorizer.transform(frozen.label_titles).T).toarray()[0]
    nearest = np.where(np.isin(np.arange(12), np.argsort(-cosine)[:10]), cosine, 0.0)
    answers = np.zeros(12)
    labels, score = frozen.index.rank(*frozen.vectorizer.encode(TITLE), 10)
    answers[labels] = score
    weights = 0.8 * nearest / nearest.sum() + 0.2 * answers / answers.sum()
    near = {uid: float(weight) for uid, weight in zip(frozen.label_uids, weights, strict=True) if weight > 0}
    found, given = (add_labels(frozen, [TITLE], ["new"], neighbours) for neighbours in (None, [near]))
    assert torch.allclose(found.index.labels.rows, given.index.labels.rows, atol=1e-6)
    # Named neighbours are trusted more, and tokens of those that were found count in other shares.
    assert found.index.bias[-1] > given.index.bias[-1]
    of_title = sum(frozen.parts.weights.values()) * x.toarray()[0]
    of_neighbours = given.index.postings.to_scipy().toarray()[:, -1] / 0.7 - of_title
    np.testing.assert_allclose(
        found.index.postings.to_scipy().toarray()[:, -1], 0.4 * of_title + of_neighbours, atol=1e-5
    )


@pytest.mark.parametrize(
    "case", [("eclare",), ("decaf",), ("eclare", "combine=attention"), ("eclare", "num_hops=2")]
)
def test_without_what_explains(train, case):
    """The refinement vectors of neighbours are found again where they were not kept."""
    full, small = (FrozenModel.freeze(train(*case), explain=explain) for explain in (True, False))
    assert not small.parts.complete
    one, other = (add_labels(model, [TITLE], ["new"]) for model in (full, small))
    assert torch.allclose(one.index.labels.rows[-1], other.index.labels.rows[-1], atol=1e-4)
    assert abs(one.index.postings.to_scipy() - other.index.postings.to_scipy()).max() < 1e-5
    with pytest.raises(ValueError, match="freeze it again"):
        Explainer(other)


def test_copy_of_a_label(train):
    """A label of the text of another, and of that label alone for a neighbour, has its text part."""
    frozen = FrozenModel.freeze(train("eclare", "instances=1"))
    more = add_labels(frozen, [frozen.label_titles[5]], ["twin"], [["label-5"]])
    by_uid = {e.uid: e for e in Explainer(more).explain(frozen.label_titles[5], 13)}
    twin, original = by_uid["twin"].parts, by_uid["label-5"].parts
    assert twin["text"] == pytest.approx(original["text"], abs=1e-4)
    assert twin["refinement"] == pytest.approx(original["refinement"], abs=1e-4)
    assert twin["bias"] == pytest.approx(float(np.quantile(frozen.index.bias.numpy(), 0.9)))
    assert twin["label_text"] == pytest.approx(0.7 * 2 * original["label_text"], abs=1e-4)


def test_remove(frozen):
    less = remove_labels(frozen, ["label-3", "label-0", "label-3"])
    assert less.label_uids == [uid for uid in frozen.label_uids if uid not in ("label-3", "label-0")]
    assert frozen.index.num_labels == 12 and less.index.num_labels == 10
    for text in TEXTS:
        before, after = logits(frozen, text), logits(less, text)
        assert after == pytest.approx({uid: before[uid] for uid in after}, abs=1e-6)
        assert {hit.uid for hit in Predictor(less).predict([text], 10)[0]} <= set(less.label_uids)
    # Neighbours that are gone are still named.
    names = {share.uid for e in Explainer(less).explain(TEXTS[0], 10, num_neighbours=12) for share in e.neighbours}
    assert "label-0" in names


def test_removed_and_added_again(frozen):
    again = add_labels(remove_labels(frozen, ["label-3"]), [frozen.label_titles[3]], ["label-3"])
    assert sorted(again.label_uids) == sorted(frozen.label_uids)
    assert again.label_uids[-1] == "label-3"
    assert "label-3" in [hit.uid for hit in hits(again, frozen.label_titles[3], 5)]


def test_added_and_removed_is_as_before(frozen):
    same = remove_labels(add_labels(frozen, [TITLE], ["new"]), ["new"])
    for text in TEXTS:
        assert hits(same, text) == hits(frozen, text)


def test_all_clusters_but_one_go(train):
    frozen = FrozenModel.freeze(train(), "int8", "clusters")
    less = remove_labels(frozen, frozen.label_uids[1:])
    assert [hit.uid for hit in Predictor(less).predict(TEXTS[:1], 3)[0]] == ["label-0"]


def test_saved(frozen, tmp_path):
    more = remove_labels(add_labels(frozen, [TITLE], ["new"]), ["label-2"])
    more.save(tmp_path / "more")
    again = FrozenModel.load(tmp_path / "more")
    for text in TEXTS:
        assert hits(again, text) == hits(more, text)
        assert logits(again, text) == logits(more, text)
    assert again.parts.removed == {2: ("label-2", frozen.label_titles[2])}


def test_rename(frozen):
    named = rename_label(frozen, "label-3", "three")
    assert named.label_titles[3] == "three" and frozen.label_titles[3] != "three"
    for text in TEXTS:
        assert [(h.uid, h.score) for h in hits(named, text)] == [(h.uid, h.score) for h in hits(frozen, text)]


def test_expansion_of_a_new_label(train):
    """A new label passes score on to its neighbours, and gets none from others."""
    frozen = FrozenModel.freeze(train("eclare", "fusion=false", "game=0.4"))
    graph = add_labels(frozen, [TITLE], ["new"], [["label-4"]]).index.expansion.to_scipy().toarray()
    assert graph[12].nonzero()[0].tolist() == [4, 12] and graph[12].sum() == pytest.approx(1)
    assert graph[:12, 12].sum() == 0


MISTAKES = [
    (lambda m: add_labels(m, ["x waa"], ["label-3"]), "label 'label-3' exists already"),
    (lambda m: add_labels(m, ["x waa", "x waa"]), "label 'x waa' exists already"),
    (lambda m: add_labels(m, ["  "], ["a"]), "title of a label to be a text that is not empty, got '  '"),
    (lambda m: add_labels(m, ["waa"], [""]), "uid of a label to be a text"),
    (lambda m: add_labels(m, [None], ["a"]), "title of a label to be a text"),
    (
        lambda m: add_labels(m, ["nothing known"]),
        "has no neighbour: no label's text shares a word",
    ),
    (lambda m: add_labels(m, ["waa"], ["a"], [[]]), "'a' has no neighbour: none was given"),
    (lambda m: add_labels(m, ["waa"], ["a"], [{"label-1": 0.0}]), "'a' has no neighbour"),
    (lambda m: add_labels(m, ["waa"], ["a"], [["b"]]), "there is no label 'b'"),
    (lambda m: add_labels(m, ["waa"], ["a", "b"]), "a uid and neighbours for each of 1 titles"),
    (lambda m: add_labels(m, "waa"), "a list of titles, got one string"),
    (lambda m: add_labels(m, ["waa"], ["a"], ["label-1"]), "a list of uids, got one string"),
    (lambda m: add_labels(m, ["waa"], ["a"], [{"label-1": float("nan")}]), "weights that are finite"),
    (lambda m: remove_labels(m, ["b"]), "there is no label 'b'"),
    (lambda m: remove_labels(m, "label-1"), "a list of uids, got one string"),
    (lambda m: remove_labels(m, m.label_uids), "at least one label to stay"),
    (lambda m: rename_label(m, "b", "x"), "there is no label 'b'"),
    (lambda m: rename_label(m, "label-1", ""), "title of a label to be a text that is not empty"),
]


@pytest.mark.parametrize("edit, message", MISTAKES, ids=[message for _, message in MISTAKES])
def test_mistakes(train, edit, message):
    with pytest.raises(ValueError, match=message):
        edit(FrozenModel.freeze(train()))


def test_nothing_to_do(train):
    frozen = FrozenModel.freeze(train())
    assert add_labels(frozen, []) is frozen and remove_labels(frozen, []) is frozen


def test_words_that_only_neighbours_explain(train):
    """A title without known words is embedded as nothing, and lives by its neighbours."""
    frozen = FrozenModel.freeze(train())
    more = add_labels(frozen, ["unheard of"], ["new"], [["label-7"]])
    assert "new" in [hit.uid for hit in hits(more, frozen.label_titles[7], 4)]


def test_models_without_parts(make_ranker, train):
    from dataclasses import replace

    frozen = replace(FrozenModel.freeze(train()), parts=None)
    with pytest.raises(ValueError, match="does not say how its labels were made"):
        add_labels(frozen, [TITLE])
    assert remove_labels(frozen, ["label-1"]).index.num_labels == 11
    with pytest.raises(ValueError, match="cannot read the titles"):
        add_labels(replace(frozen, vectorizer=None), [TITLE])
