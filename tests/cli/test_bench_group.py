from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from xcgraph.cli.bench_group import BenchGroup
from xcgraph.data import DataError


def run(raised, *args):
    group = BenchGroup("prog")

    @group.command("go")
    def go():
        if raised is not None:
            raise raised

    return CliRunner().invoke(group, args or ["go"])


@pytest.mark.parametrize(
    ("raised", "code", "stderr"),
    [
        (None, 0, ""),
        (DataError("bad", "x", 1), 1, "Error: x:1: bad\n"),
        (click.UsageError("wrong"), 2, "Error: wrong. Try 'prog go --help'.\n"),
        (click.ClickException("so\nso"), 1, "Error: so so\n"),
        (KeyboardInterrupt(), 130, "Interrupted\n"),
        (click.Abort(), 130, "Interrupted\n"),
        (click.exceptions.Exit(5), 5, ""),
    ],
)
def test_ends(raised, code, stderr):
    result = run(raised)
    assert (result.exit_code, result.stderr, result.stdout) == (code, stderr, "")


def test_faults_keep_their_traceback():
    assert isinstance(run(KeyError("fault")).exception, KeyError)


def test_no_command_shows_the_help():
    result = CliRunner().invoke(BenchGroup("prog", commands={"go": click.Command("go", help="Goes.")}), [])
    assert result.output.startswith("Usage: prog") and "Goes." in result.output and "Error" not in result.output


def test_as_a_function():
    group = BenchGroup("prog", commands={"go": click.Command("go", callback=lambda: 3)})
    assert group.main(["go"], standalone_mode=False) == 3
    with pytest.raises(click.UsageError):
        group.main(["nowhere"], standalone_mode=False)
