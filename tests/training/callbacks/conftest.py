from __future__ import annotations

import pytest


class Clock:
    """Stands still until somebody winds it on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()
