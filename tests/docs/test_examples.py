"""Every script in docs/examples runs, and belongs to a tutorial."""

from __future__ import annotations

import pytest
from blocks import ROOT
from click.testing import CliRunner
from examples import EXAMPLES, load_example


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_runs(path, inside):
    done = CliRunner().invoke(load_example(path).main, ["--quick"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert done.stdout.strip()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_is_in_a_tutorial(path):
    pages = (ROOT / "docs" / "tutorials").glob("*.md")
    assert any(f"examples/{path.name}" in page.read_text(encoding="utf-8") for page in pages)
