from __future__ import annotations

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

from pydantic import ValidationError

from xcgraph.serving import Limits, PredictRequest

LIMITS = Limits(max_batch=2, max_text=3, max_k=4)


def test_one_text_or_several():
    assert PredictRequest(text="", k=1).checked(LIMITS) == ([""], 1)
    assert PredictRequest(texts=[]).checked(LIMITS) == ([], 4)
    assert PredictRequest(texts=[]).checked(Limits()) == ([], 5)
    assert PredictRequest(texts=["a", "bcd"], k=4).checked(LIMITS) == (["a", "bcd"], 4)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "either 'text'"),
        ({"text": "a", "texts": ["a"]}, "either 'text'"),
        ({"text": "a", "k": 0}, "k: expected 1 to 4, got 0"),
        ({"text": "a", "k": 5}, "k: expected 1 to 4, got 5"),
        ({"text": "abcd"}, "text: expected at most 3 characters, got 4"),
        ({"texts": ["a", "abcd"]}, r"texts\[1\]: expected at most 3 characters, got 4"),
        ({"texts": ["a"] * 3}, "texts: expected at most 2, got 3"),
    ],
)
def test_limits(body, message):
    with pytest.raises(ValueError, match=message):
        PredictRequest(**body).checked(LIMITS)


@pytest.mark.parametrize(
    "body",
    [
        {"text": 1},
        {"texts": "a"},
        {"texts": [None]},
        {"text": "a", "k": "5"},
        {"text": "a", "k": True},
        {"txt": "a"},
    ],
)
def test_types(body):
    with pytest.raises(ValidationError):
        PredictRequest(**body)
