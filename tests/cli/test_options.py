from __future__ import annotations

import json
import os
import subprocess
import sys

import click
import pytest
import torch

from xcgraph.cli import main
from xcgraph.cli.options import check_out, flag, resolve_device

from .conftest import QUICK


def test_device(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [resolve_device(name) for name in ("auto", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [resolve_device(name) for name in ("auto", "cpu")] == ["cpu", "cpu"]
    with pytest.raises(click.UsageError, match="take --device cpu"):
        resolve_device("cuda")


def test_where_nothing_can_be_written(monkeypatch, tmp_path):
    check_out(tmp_path / "deep" / "out")
    (tmp_path / "file").write_text("")
    with pytest.raises(click.UsageError, match=f"{tmp_path / 'file'} is a file; choose another place"):
        check_out(tmp_path / "file" / "out")
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)  # root may write everywhere
    with pytest.raises(click.UsageError, match=f"{tmp_path} may not be written; choose another place"):
        check_out(tmp_path / "out")


def test_flag():
    command = click.Command("c", params=[click.Option(["-n", "--number", "num"]), click.Option(["-k", "k"])])
    with click.Context(command):
        assert [flag(name) for name in ("num", "k", "other")] == ["--number", "-k", "other"]


def leaves(group: click.Group, *words: str):
    """(words, command) of every command."""
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        yield from (
            leaves(command, *words, name) if isinstance(command, click.Group) else [((*words, name), command)]
        )


COMMANDS = dict(leaves(main))
LONG = [
    words for words in COMMANDS if words[0] in ("data", "graph", "preflight", "run", "eval", "latency", "compare")
]


def test_what_takes_long_can_be_quiet_and_speak_json():
    for words in LONG:
        options = {option for parameter in COMMANDS[words].params for option in parameter.opts}
        assert {"--quiet", "-q", "--json"} <= options, words


def long_command(words, folder, finished, tmp_path):
    """Arguments with which a command has something to say."""
    table = tmp_path / "items.jsonl"
    table.write_text("".join(f'{{"title": "text {i}", "labels": ["even"]}}\n' for i in range(40)))
    args = {
        ("data", "build"): ["planted", "--labels", 20, "--out", tmp_path / "out"],
        ("data", "import"): [table, "--out", tmp_path / "out"],
        ("data", "check"): [folder],
        ("graph",): [folder, "--builder", "cooccurrence"],
        ("preflight",): [folder, *QUICK],
        ("run",): [folder, "--out", tmp_path / "out", *QUICK],
        ("eval",): ["--data", folder, "--predictions", finished[0] / "predictions.npz"],
        ("latency",): [finished[0], "--data", folder, "--queries", 3],
        ("compare",): [folder, "--peers", "text", "--out", tmp_path / "out"],
    }
    return [*words, *args[words]]


@pytest.mark.parametrize("words", LONG, ids=" ".join)
def test_quiet(bench, folder, finished, tmp_path, words):
    args = long_command(words, folder, finished, tmp_path)
    result = bench(*args, "--quiet", "--json")
    assert result.stderr == "" and json.loads(result.stdout)
    assert "give either --verbose or --quiet" in bench("-v", *args, "-q", code=2).stderr


def test_not_quiet(bench, folder, finished, tmp_path):
    assert bench(*long_command(("graph",), folder, finished, tmp_path)).stderr.startswith("tiny: 45 training")


@pytest.mark.slow
def test_models_of_a_quiet_comparison_are_quiet(folder, tmp_path):
    """They are trained in processes of their own, which share stderr with this one."""
    args = ["compare", folder, "--peers", "none", "--models", "decaf", "--out", tmp_path / "out", "--quiet"]
    code = "import sys\nfrom xcgraph.cli import main\nmain(sys.argv[1:])"
    words = [sys.executable, "-c", code, *map(str, args), *QUICK]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "") and "decaf" in done.stdout
