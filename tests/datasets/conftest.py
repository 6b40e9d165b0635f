from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_sources import PACKAGES, WORDNET


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    path = tmp_path / "Packages"
    path.write_text(PACKAGES)
    return path


@pytest.fixture
def command_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts scripts of our own before the machine's commands: ``command_path(name, script)``."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def add(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    return add


@pytest.fixture
def wordnet(tmp_path: Path) -> Path:
    folder = tmp_path / "dict"
    folder.mkdir()
    for name, text in WORDNET.items():
        (folder / name).write_text(text)
    return folder
