from __future__ import annotations

import sys

import click
import pytest
from click.testing import CliRunner

from xcgraph.cli.lazy_group import LazyGroup


@pytest.fixture
def group(tmp_path, monkeypatch):
    (tmp_path / "lazy_one.py").write_text(
        "import click\n@click.command('one')\ndef command():\n    'First.'\n    click.echo('one!')\n"
    )
    (tmp_path / "lazy_two.py").write_text("raise RuntimeError('nobody asked for me')\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield LazyGroup("group", lazy={"one": "lazy_one", "two": "lazy_two"})
    sys.modules.pop("lazy_one", None)


def test_imports_only_the_command_that_runs(group):
    assert "lazy_one" not in sys.modules
    result = CliRunner().invoke(group, ["one"])
    assert (result.exit_code, result.output) == (0, "one!\n")
    assert "lazy_one" in sys.modules


def test_order_and_eager_commands(group):
    group.add_command(click.Command("three"))
    ctx = click.Context(group)
    assert group.list_commands(ctx) == ["one", "two", "three"]
    assert group.get_command(ctx, "three").name == "three"
    assert group.get_command(ctx, "four") is None


def test_unknown_command_is_answered_by_the_nearest(group):
    result = CliRunner().invoke(group, ["on"])
    assert result.exit_code == 2 and "No such command 'on'; did you mean 'one'?" in result.output
    result = CliRunner().invoke(group, ["xyz"])
    assert result.exit_code == 2 and "No such command 'xyz'" in result.output
