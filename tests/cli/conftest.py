from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from xcgraph.cli import main
from xcgraph.datasets import build_dataset

QUICK = ["--set", "dim=8", "--set", "max_epochs=1", "--set", "min_epochs=1", "--set", "walk_length=20"]


@pytest.fixture(autouse=True)
def root(tmp_path_factory, monkeypatch):
    """Where named data sets are kept; not the home of whoever runs the tests."""
    folder = tmp_path_factory.mktemp("root")
    monkeypatch.setenv("XCGRAPH_DATA", str(folder))
    return folder


def run_bench(*args, code=0, input=None):
    result = CliRunner().invoke(main, [str(arg) for arg in args], input=input)
    assert result.exit_code == code, (result.output, result.exception)
    if code:
        assert "Traceback" not in result.output
    return result


@pytest.fixture
def bench():
    """Runs the command in this process: ``bench("graph", folder, code=2)`` gives the result."""
    return run_bench


@pytest.fixture
def error(bench):
    """Runs a command that must fail, and gives the one line that stderr ends in."""

    def run(*args, code, **kwargs):
        result = bench(*args, code=code, **kwargs)
        line = result.stderr.splitlines()[-1]
        assert line.startswith("Error: ") and result.stderr.count("Error: ") == 1
        return line

    return run


@pytest.fixture
def error_without_torch():
    """Runs a command that must fail before torch is imported, in a process of its own, and gives its stderr."""

    def run(*args):
        program = (
            "import sys; from xcgraph.cli import main\n"
            f"try: main({[str(arg) for arg in args]!r})\n"
            "finally: print('torch' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (1, "False\n"), done.stderr
        return done.stderr

    return run


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A raw data folder: 20 labels, 45 training and 21 test documents."""
    path = tmp_path_factory.mktemp("data") / "tiny"
    build_dataset("planted", path, num_labels=20)
    return path


@pytest.fixture(scope="session")
def finished(folder, tmp_path_factory):
    """``(folder, result)`` of a finished run on ``folder``; not to be changed."""
    out = tmp_path_factory.mktemp("runs") / "run"
    return out, run_bench("run", folder, "--out", out, "--device", "cpu", *QUICK)
