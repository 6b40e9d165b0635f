"""Fixtures for the tests of the sparse package."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def compiled():
    """Compiles in one graph with dynamic shapes, without generating code; ``"aot_eager"`` traces gradients too."""

    torch.compiler.reset()

    def compile_(function, backend: str = "eager"):
        return torch.compile(function, dynamic=True, fullgraph=True, backend=backend)

    return compile_
