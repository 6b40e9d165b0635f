from __future__ import annotations

import threading

import numpy as np
import pytest

from xcgraph.inference import EnsembleRanker, FrozenEnsemble, freeze


def rows(doc_x):
    return [(row.indices.astype(np.int32), row.data) for row in doc_x.to_scipy()]


def compare(index, ranker, doc_x, k):
    want_labels, want = ranker.predict(doc_x, k)
    for number, row in enumerate(rows(doc_x)):
        real = want_labels[number] >= 0
        labels, score = index.rank(*row, k)
        np.testing.assert_allclose(score, want[number][real], rtol=1e-4, atol=1e-7)
        assert labels.tolist() == want_labels[number][real].tolist()


def frozen(ranker, **options):
    return FrozenEnsemble([freeze(member, **options) for member in ranker.members], ranker.depth)


@pytest.mark.parametrize("shortlist", [False, True])
@pytest.mark.parametrize("options", [{}, {"link": "softmax", "lexical": True}, {"game": 0.4, "meta_game": 0.2}])
@pytest.mark.parametrize("depth", [1, 3, 200])
def test_equals_the_ranker(make_ranker, doc_x, shortlist, options, depth):
    if not shortlist:
        options = {name: value for name, value in options.items() if name != "meta_game"}
    ranker = EnsembleRanker([make_ranker(seed, shortlist=shortlist, **options) for seed in range(3)], depth)
    for k in (1, 4, 50):
        compare(frozen(ranker), ranker, doc_x, k)


def test_threads(make_ranker, doc_x):
    index = frozen(EnsembleRanker([make_ranker(seed, shortlist=True, meta_game=0.3, game=0.3) for seed in (0, 1)]))
    documents = rows(doc_x) * 20
    expected = [index.rank(*row, 5)[0].tolist() for row in documents]
    wrong, start = [], threading.Barrier(6)

    def work(seed):
        start.wait()
        for i in np.random.default_rng(seed).permutation(len(documents)):
            if index.rank(*documents[i], 5)[0].tolist() != expected[i]:
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_it_says_of_itself(make_ranker):
    index = frozen(EnsembleRanker([make_ranker(0), make_ranker(1)]), dtype="int8", shortlist="projection")
    assert (index.num_labels, index.num_tokens, index.dim, index.dtype, index.most) == (12, 9, 5, "int8", 100)
    assert index.shortlist is index.members[0].shortlist
    assert repr(index).startswith("FrozenEnsemble(2 x FrozenIndex(")


def test_mistakes(make_ranker):
    first, second = freeze(make_ranker(0)), freeze(make_ranker(1))
    with pytest.raises(ValueError, match="expected two members or more and a depth of 1 or more, got 1, 200"):
        FrozenEnsemble([first], 200)
    with pytest.raises(ValueError, match="got 2, 0"):
        FrozenEnsemble([first, second], 0)
    other = make_ranker(2)
    other.weight, other.bias = other.weight[:7], other.bias[:7]
    with pytest.raises(
        ValueError, match=r"of the same labels and tokens, got \(L, V\) of \[\(7, 9\), \(12, 9\)\]"
    ):
        FrozenEnsemble([first, freeze(other)], 200)
