from __future__ import annotations

import pytest

from xcgraph.cli.child import run_bench
from xcgraph.cli.errors import DataProblem


def test_output_is_shown_or_not(capfd):
    run_bench(["--version"], threads=1)
    assert "xcgraph-bench" in capfd.readouterr().out
    run_bench(["--version"], show=False)
    assert capfd.readouterr().out == ""


def test_failure_names_the_command(capfd):
    with pytest.raises(
        DataProblem, match="xcgraph-bench nonsense 'a b': ended with exit code 2; its message is above"
    ):
        run_bench(["nonsense", "a b"])
    assert "No such command" in capfd.readouterr().err
