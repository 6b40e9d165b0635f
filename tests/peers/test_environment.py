from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from xcgraph.peers import PeerEnvironment, PeerError, environment
from xcgraph.peers.environment import find_python


@pytest.fixture
def installs(monkeypatch):
    """Every command that would be run, instead of it; a venv gets an interpreter's name."""
    commands, failing = [], {}

    def run(command, **options):
        commands.append(command)
        if "venv" in command:
            (Path(command[-1]) / "bin").mkdir(parents=True)
            (Path(command[-1]) / "bin" / "python").touch()
        error = next((text for word, text in failing.items() if word in command), None)
        return subprocess.CompletedProcess(command, 1 if error else 0, "", error or "")

    monkeypatch.setattr(environment, "find_python", lambda: "python3.11")
    monkeypatch.setattr(environment.subprocess, "run", run)
    return commands, failing


def test_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert PeerEnvironment().folder == tmp_path / "xcgraph" / "peers"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert PeerEnvironment().folder == Path.home() / ".cache" / "xcgraph" / "peers"


def test_made_once(installs, nowhere):
    commands, _ = installs
    assert not nowhere.is_ready()
    assert nowhere.prepare() == nowhere.folder / "bin" / "python"
    assert nowhere.is_ready() and len(commands) == 2 and "--no-deps" in commands[1]
    nowhere.prepare()
    assert len(commands) == 2
    (nowhere.folder / "requirements.txt").write_text("omikuji==0.1\n")  # an older xcgraph made it
    nowhere.prepare()
    assert len(commands) == 4 and nowhere.is_ready()
    assert [path.name for path in nowhere.folder.parent.iterdir()] == ["environment"]


@pytest.mark.parametrize(
    ("word", "stderr", "message"),
    [
        ("venv", "No module named ensurepip", "could not make a virtual environment: No module named ensurepip"),
        ("install", "ERROR: No matching distribution\nhint: look\n", "libraries: ERROR: No matching distribution"),
    ],
)
def test_failures_leave_nothing(installs, nowhere, word, stderr, message):
    installs[1][word] = stderr
    with pytest.raises(PeerError, match=message):
        nowhere.prepare()
    assert not nowhere.is_ready() and list(nowhere.folder.parent.iterdir()) == []


def test_python_that_has_wheels(monkeypatch):
    mine = sys.version_info[:2]
    monkeypatch.setattr(environment, "PYTHONS", (mine,))
    done = subprocess.run([find_python(), "-c", "import sys; print(sys.version_info[:2])"], capture_output=True)
    assert done.stdout.decode().strip() == str(tuple(mine))
    monkeypatch.setattr(environment, "PYTHONS", ((2, 0),))
    with pytest.raises(PeerError, match=r"have wheels for Python 2\.0 only.*--peers knn,centroid,text"):
        find_python()
