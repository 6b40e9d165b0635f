from __future__ import annotations

import os
import subprocess
import sys

import pytest

import xcgraph


def python(code, *args):
    return subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, timeout=120)


def test_help(bench):
    text = bench("--help").output
    order = [
        text.index(f"\n  {name} ")
        for name in ("datasets", "data", "graph", "preflight", "run", "eval", "predict", "compare")
    ]
    assert order == sorted(order)
    assert bench("--version").output.strip().endswith(xcgraph.__version__)


@pytest.mark.parametrize(
    "command",
    [
        "datasets",
        "data build",
        "data import",
        "data check",
        "graph",
        "preflight",
        "run",
        "eval",
        "predict",
        "freeze",
        "latency",
        "compare",
    ],
)
def test_every_command_has_help(bench, command):
    text = bench(*command.split(), "--help").output
    assert text.startswith(f"Usage: xcgraph-bench {command}") and "--help" in text


def test_help_imports_nothing_heavy():
    done = python(
        "import sys\nfrom xcgraph.cli import main\n"
        "for args in (['--help'], ['run', '--help'], ['compare', '--help'], ['data', 'import', '--help']):\n"
        "    main.main(args, standalone_mode=False)\n"
        "print([m for m in ('torch', 'numpy', 'scipy', 'sklearn', 'tqdm') if m in sys.modules])"
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_memory_is_in_huge_pages_unless_one_says_no(bench, monkeypatch):
    for before, after in ((None, "1"), ("0", "0")):
        monkeypatch.setenv("THP_MEM_ALLOC_ENABLE", "0")
        if before is None:
            monkeypatch.delenv("THP_MEM_ALLOC_ENABLE")
        bench("datasets")
        assert os.environ["THP_MEM_ALLOC_ENABLE"] == after


def test_as_a_process(tmp_path):
    """Mistakes are one line and an exit code out of a real process too."""
    go = "from xcgraph.cli import main; main()"
    done = python(go, "run", "--modle", "eclare")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and "No such option" in done.stderr
    done = python(go, "data", "check", str(tmp_path))
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stdout.startswith(f"{tmp_path}: error: expected trn.json.gz")


def test_verbose_tells_where_errors_come_from(bench, tmp_path):
    args = ("graph", tmp_path / "absent")
    assert "Traceback" not in bench("-v", *args, code=1).stderr
    from click.testing import CliRunner

    from xcgraph.cli import main

    result = CliRunner().invoke(main, ["-vv", *map(str, args)])
    assert result.exit_code == 1 and "Traceback" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: ")
