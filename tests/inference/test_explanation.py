from __future__ import annotations

import json

from xcgraph.inference import Explanation
from xcgraph.inference.explanation import Share, Spread


def test_as_json_values():
    near = [Share("b", "B", 0.5)]
    parts = {"text": 1.0, "graph": 0.75, "bias": -1.0}
    explanation = Explanation(
        "a", "A", 0.25, 0.3, 0.75, parts, near, 0.125, 0.125, [("x", 2.0)], -0.25, -1.0, Spread(0.2, near, 0.0)
    )
    value = json.loads(json.dumps(explanation.as_dict()))
    assert value["neighbours"] == [{"uid": "b", "title": "B", "share": 0.5}]
    assert value["tokens"] == [{"token": "x", "share": 2.0}]
    assert value["game"] == {"own": 0.2, "neighbours": value["neighbours"], "other_neighbours": 0.0}
    assert value["score"] == 0.25 and value["probability"] == 0.3
    assert value["parts"] == parts and value["logit"] == 0.75 and value["no_token"] == -1.0
