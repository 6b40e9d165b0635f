from __future__ import annotations

import errno

import click
import pytest

from xcgraph.cli.errors import DataProblem, Interrupted, as_click_error, data_errors, one_line, usage_errors
from xcgraph.data import DataError


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (DataError("expected a,\n got b", "x.txt", 3), 1, "Error: x.txt:3: expected a, got b"),
        (FileNotFoundError(errno.ENOENT, "No such file", "x.txt"), 1, "Error: x.txt: No such file"),
        (OSError("it is\nbroken"), 1, "Error: it is broken"),
        (
            ImportError("tokenizers: pip install tokenizers", name="tokenizers"),
            1,
            "Error: tokenizers: pip install tok",
        ),
        (KeyboardInterrupt(), 130, "Interrupted"),
        (
            DataError("give a Packages file as 'packages'"),
            1,
            "Error: give a Packages file by 'xcgraph-bench data bu",
        ),
    ],
)
def test_translation(error, code, line):
    translated = as_click_error(error)
    assert translated.exit_code == code
    assert one_line(translated).startswith(line)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("CUDA out of memory. Tried to allocate 20 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 400 bytes"),
    ],
)
def test_memory(error):
    translated = as_click_error(error)
    assert translated.exit_code == 1
    assert "not enough memory" in one_line(translated) and "--set dim=128" in one_line(translated)


@pytest.mark.parametrize(
    "fault", [ValueError("a fault"), RuntimeError("x"), KeyError("x"), ImportError("x", name="xcgraph.nothing")]
)
def test_faults_keep_their_traceback(fault):
    assert as_click_error(fault) is None


def test_usage_errors_name_options_as_the_command_does():
    @click.command()
    @click.option("-n", "--labels", "num_labels")
    def command(num_labels):
        with usage_errors():
            raise ValueError("'num_labels' must be\n positive, 'other' too")

    with pytest.raises(click.UsageError) as caught:
        command.main([], "prog", standalone_mode=False)
    assert one_line(caught.value) == "Error: --labels must be positive, 'other' too. Try 'prog --help'."


@pytest.mark.parametrize("wrap", [usage_errors, lambda: data_errors("f")])
def test_data_errors_pass(wrap):
    with pytest.raises(DataError), wrap():
        raise DataError("x")
    with pytest.raises(RuntimeError), wrap():
        raise RuntimeError("x")


def test_data_errors_name_the_file():
    for message in ("bad", "f: bad"):
        with pytest.raises(DataProblem, match=r"^f: bad$"), data_errors("f"):
            raise ValueError(message)


def test_one_line():
    assert one_line(click.UsageError("a.\n  b")) == "Error: a. b"
    ctx = click.Context(click.Command("x"), info_name="x")
    assert one_line(click.UsageError("what?", ctx)) == "Error: what? Try 'x --help'."
    assert one_line(Interrupted("Interrupted; do y")) == "Interrupted; do y"
