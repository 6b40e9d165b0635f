"""What tests of all subpackages share."""

from __future__ import annotations

import pytest
import torch

_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=_CUDA)])
def device(request: pytest.FixtureRequest) -> torch.device:
    """Every device that code of this package promises to run on."""
    return torch.device(request.param)
