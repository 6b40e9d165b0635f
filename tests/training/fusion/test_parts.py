from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import torch

from xcgraph.training.fusion import LEXICAL, PRIOR, FusionWeights, LexicalParts
from xcgraph.training.fusion.search import FACTORS

WEIGHTS = FusionWeights(2.0, 3.0, 0.5)


def test_weights_are_json():
    weights = FusionWeights(1.0, 2.0, 3.0, 0.5)
    assert json.loads(json.dumps(weights.as_dict())) == {"linear": 1, "centroid": 2, "text": 3, "game": 0.5}
    assert FusionWeights() == FusionWeights(0.0, 0.0, 0.0, 0.0)
    assert PRIOR.game == 0 and FACTORS[1.0] == 0.0 and all(price > 0 for f, price in FACTORS.items() if f != 1)


def test_scorers_of_the_parts(parts, dense_parts, doc_x):
    for name in LEXICAL:
        got = parts.single(name).add_(parts.bias_of(name).repeat(20, 1), doc_x)
        np.testing.assert_allclose(got, dense_parts[name], rtol=1e-5, atol=1e-5)
    weights = replace(WEIGHTS, game=0.3)
    got = parts.scorer(weights).add_(parts.weighted_bias(weights).repeat(20, 1), doc_x)
    total = 2 * dense_parts["linear"] + 3 * dense_parts["centroid"] + 0.5 * dense_parts["text"]
    np.testing.assert_allclose(got, total, rtol=1e-5, atol=1e-5)
    assert parts.scorer(FusionWeights(game=0.3)) is None


def test_biases_of_the_parts(parts):
    assert parts.bias_of("linear").all() and not parts.bias_of("text").any()
    torch.testing.assert_close(parts.weighted_bias(WEIGHTS), 2 * parts.bias["linear"])
    assert parts.weighted_bias(replace(WEIGHTS, linear=0.0)) is None
    assert LexicalParts(parts.rows).weighted_bias(WEIGHTS) is None
