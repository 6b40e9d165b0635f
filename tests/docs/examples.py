"""The scripts that tutorials end in."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from blocks import ROOT

EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.py"))


def load_example(path: Path) -> ModuleType:
    """A script as a module, not run."""
    spec = importlib.util.spec_from_file_location(f"example_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
