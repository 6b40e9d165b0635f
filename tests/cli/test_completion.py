from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
import sys

import click
import pytest
from click.shell_completion import ShellComplete

from xcgraph.cli import main
from xcgraph.datasets import DATASETS
from xcgraph.peers import PEERS
from xcgraph.training import Settings


def offered(*args: str) -> list[str]:
    """What is offered for the last of some words; ``<dir>`` and ``<file>`` are left to the shell."""
    shell = ShellComplete(main, {}, "xcgraph-bench", "_XCGRAPH_BENCH_COMPLETE")
    items = shell.get_completions(list(args[:-1]), args[-1])
    return [item.value if item.type == "plain" else f"<{item.type}>" for item in items]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("r", ["run", "report"]),
        ("data im", ["import"]),
        ("run debian", ["<dir>", "debian", "debian-rse"]),
        ("graph plan", ["<dir>", "planted"]),
        ("eval --data word", ["<dir>", "wordnet"]),
        ("data build w", ["wordnet"]),
        ("data build LF", []),  # cannot be built
        ("run --model de", ["decaf"]),
        ("graph --builder co", ["cooccurrence"]),
        ("run --set fuse_l", ["fuse_linear="]),
        ("run --set graph", ["graph=", "graph_top_k="]),
        ("run --set graph=", ["graph=walk", "graph=cooccurrence", "graph=text", "graph=none"]),
        ("run --set graph=t", ["graph=text"]),
        ("preflight x --set fusion=", ["fusion=true", "fusion=false"]),
        ("run --set log=t", ["log=tensorboard"]),
        ("run --set preset=fa", ["preset=fast"]),
        ("run --set dim=", []),
        ("run --set nonsense=", []),
        ("run --set dim=8 --set gam", ["game="]),
        ("compare x --set lo", ["loss=", "log="]),
        ("compare x --peers knn,parabel,p", ["knn,parabel,plt"]),
        ("compare x --peers no", ["none"]),
        ("compare x --peers knn,no", []),
        ("compare x --models e", ["eclare"]),
        ("predict mod", ["<dir>"]),
        ("predict model --input que", ["<file>"]),
    ],
)
def test_what_is_offered(words, expected):
    assert offered(*words.split(" ")) == expected


def test_everything_is_offered_of_nothing():
    assert offered("run", "") == ["<dir>", *DATASETS]
    assert offered("compare", "x", "--peers", "") == [*PEERS, "none"]
    fields = [f"{name}=" for name in Settings.__dataclass_fields__]
    assert offered("run", "--set", "") == ["preset=", *fields]


def leaves(group: click.Group):
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        yield from leaves(command) if isinstance(command, click.Group) else [command]


def test_every_file_and_folder_can_be_completed():
    missing = []
    for command in leaves(main):
        for parameter in command.params:
            metavar = parameter.metavar or ""
            if any(word in metavar for word in ("FILE", "DIR", "DATA")):
                ctx = click.Context(command)
                kinds = {item.type for item in parameter.shell_complete(ctx, "")}
                missing += [] if kinds & {"dir", "file"} else [(command.name, parameter.name)]
    assert missing == []


@pytest.fixture
def program(tmp_path):
    """The installed command, as a file on the PATH; ``(environment, folder)``."""
    script = tmp_path / "bin" / "xcgraph-bench"
    script.parent.mkdir()
    code = "from xcgraph.cli import main; main(prog_name='xcgraph-bench')"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(code)} "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return {**os.environ, "PATH": os.pathsep.join([str(script.parent), os.environ["PATH"]])}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_of_shells(program, shell):
    program["_XCGRAPH_BENCH_COMPLETE"] = f"{shell}_source"
    done = subprocess.run(["xcgraph-bench"], capture_output=True, text=True, env=program, timeout=300)
    assert done.returncode == 0 and "_xcgraph_bench_completion" in done.stdout, done.stderr
    # Behind "key=" the value is asked for: no space. Fish makes none by itself; that of bash is tested below.
    assert shell != "zsh" or """suffix=(-S '')""" in done.stdout


def test_completion_imports_nothing_heavy():
    code = (
        "import sys\nfrom xcgraph.cli import main\n"
        "try:\n    main(prog_name='xcgraph-bench')\nexcept SystemExit as left:\n    assert left.code == 0\n"
        "print([m for m in ('torch', 'sklearn', 'numba', 'pynndescent') if m in sys.modules])"
    )
    for words in ("run --set di", "run debia", "compare x --peers kn"):
        env = {**os.environ, "_XCGRAPH_BENCH_COMPLETE": "zsh_complete"}
        env |= {"COMP_WORDS": f"xcgraph-bench {words}", "COMP_CWORD": str(len(words.split()))}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=300)
        lines = done.stdout.splitlines()
        assert lines[-1] == "[]" and "plain" in lines, done.stderr


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # As bash splits "--set graph=wa" and so on.
        (["run", "--set", "graph", "=", "wa"], ["walk"]),
        (["run", "--set", "fusion", "="], ["true", "false"]),
        (["run", "--set", "=", "fusion", "=", "f"], ["false"]),
        (["run", "--set", "dim", "=", "8", "--set", "combin"], ["combine=", "nospace"]),
        (["run", "--set", "dim", "=", "8", "--text", "ti"], ["title"]),
        (["run", "--set", "graph"], ["graph=", "graph_top_k="]),
        # As it does with another COMP_WORDBREAKS.
        (["run", "--set", "graph=wa"], ["graph=walk"]),
        (["run", "debian-"], ["debian-rse"]),
        (["compare", "x", "--peers", "knn,te"], ["knn,text"]),
    ],
)
def test_in_bash(program, words, expected):
    # bash allows compopt only while it completes.
    script = f"""
        eval "$(_XCGRAPH_BENCH_COMPLETE=bash_source xcgraph-bench)"
        compopt() {{ [[ $2 == nospace ]] && option=$2; return 0; }}
        COMP_WORDS=(xcgraph-bench {shlex.join(words)}); COMP_CWORD={len(words)}
        registered=$(complete -p xcgraph-bench); registered=${{registered##*-F }}
        ${{registered%% *}} xcgraph-bench
        printf '%s\\n' "${{COMPREPLY[@]}}" $option"""
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=program, timeout=300)
    assert done.stdout.split() == expected, done.stderr
