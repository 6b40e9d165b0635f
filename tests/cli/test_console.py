from __future__ import annotations

import logging
import warnings

import pytest

from xcgraph.cli.console import Console

OURS, REGISTRY = logging.getLogger("xcgraph.data.report"), logging.getLogger("xcgraph.datasets.registry")


def log_all():
    OURS.error("worse")
    OURS.warning("three\nlines")
    OURS.info("detail")
    OURS.debug("more detail")
    REGISTRY.info("building it")
    logging.getLogger("other").warning("not ours")


@pytest.mark.parametrize(
    ("verbosity", "quiet", "expected"),
    [
        (0, False, ["Error: worse", "Warning: three lines", "building it"]),
        (0, True, ["Error: worse"]),
        (1, False, ["Error: worse", "Warning: three lines", "detail", "building it"]),
        (
            2,
            False,
            ["Error: worse", "Warning: three lines", "detail", "xcgraph.data.report: more detail", "building it"],
        ),
    ],
)
def test_what_is_shown(capsys, verbosity, quiet, expected):
    console = Console()
    console.verbosity, console.quiet = verbosity, quiet
    level = logging.getLogger("xcgraph").level
    with console.attached():
        log_all()
    log_all()
    captured = capsys.readouterr()
    assert captured.err.splitlines() == expected and captured.out == ""
    assert logging.getLogger("xcgraph").level == level


def test_say(capsys):
    console = Console(["run"])
    console.say("hello")
    console.quiet = True
    console.say("unheard")
    captured = capsys.readouterr()
    assert (captured.out, captured.err, console.args) == ("", "hello\n", ["run"])


def test_warnings_of_other_packages_are_for_programmers(recwarn):
    console = Console()
    with console.attached():
        warnings.warn("deprecated", DeprecationWarning, stacklevel=1)
    assert not recwarn.list
    console.verbosity = 1
    with console.attached():
        warnings.warn("deprecated", DeprecationWarning, stacklevel=1)
    assert len(recwarn.list) == 1
