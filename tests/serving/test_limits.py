from __future__ import annotations

import pytest

pytest.importorskip("fastapi", reason="the extra 'serve' is not installed")

from xcgraph.serving import Limits


@pytest.mark.parametrize("name", ["max_body", "max_batch", "max_text", "max_k", "max_pending"])
def test_none_may_be_nothing(name):
    assert getattr(Limits(**{name: 1}), name) == 1
    with pytest.raises(ValueError, match=f"'{name}' must be positive, got 0"):
        Limits(**{name: 0})
