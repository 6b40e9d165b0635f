from __future__ import annotations

import pytest

from xcgraph.data import TextListener, Vectorizer

TEXTS = ["alpha beta", "beta", "", "gamma alpha"]


@pytest.mark.parametrize(("rows", "heard"), [(None, TEXTS), ([0, 3, 9], [TEXTS[0], TEXTS[3]]), ([], [])])
def test_features_are_those_of_the_vectoriser(rows, heard):
    fitted = Vectorizer().fit(TEXTS)
    listener = TextListener(fitted, rows)
    assert listener.is_fitted and listener.vocabulary == fitted.vocabulary
    assert (listener.transform(iter(TEXTS)) != fitted.transform(TEXTS)).nnz == 0
    assert listener.heard == heard


def test_the_last_stream_counts():
    listener = TextListener(Vectorizer().fit(TEXTS))
    listener.transform(TEXTS)
    listener.transform(["beta"])
    assert listener.heard == ["beta"]
    listener.transform([])
    assert listener.heard == []
