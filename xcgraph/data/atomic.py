"""Folders and files that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


def refuse_occupied(path: str | os.PathLike[str], overwrite: bool = False) -> None:
    """What :func:`atomic_folder` refuses, for those who want to know it before long work.

    Raises:
        FileExistsError: if ``path`` is a file, or holds files and ``overwrite`` is not set.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise FileExistsError(f"{path}: expected a folder, got a file; choose another name")
    if path.is_dir() and not overwrite and any(path.iterdir()):
        raise FileExistsError(f"{path}: holds files already; choose another folder")


@contextmanager
def target_named(path: str | os.PathLike[str]) -> Iterator[None]:
    """Around the making of a temporary file or folder: if that fails, it is ``path`` that cannot be written.

    Raises:
        OSError: of the kind that came up, with ``path`` as its file name.
    """
    try:
        yield
    except OSError as error:
        reason = f"cannot be written ({error.strerror or error}); choose another place"
        raise OSError(error.errno, reason, os.fspath(path)) from error


@contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary name for a file that becomes ``path`` when the block ends, and vanishes when the block raises.

    Args:
        path: the file to make, or to replace; its parents are made too.

    Yields:
        The temporary name, beside ``path`` and with the same suffix, since numpy appends ``.npz`` to others.

    Raises:
        OSError: if ``path`` cannot be written; raised before the block is entered.
    """
    path = Path(path)
    work = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}.tmp{path.suffix}")
    with target_named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        work.touch()
    try:
        yield work
        os.replace(work, path)
    finally:
        work.unlink(missing_ok=True)


@contextmanager
def atomic_folder(
    path: str | os.PathLike[str], overwrite: bool = False, stale: Iterable[str] = ()
) -> Iterator[Path]:
    """A temporary folder that becomes ``path`` when the block ends, and vanishes when the block raises.

    Where ``path`` does not exist, the finished folder is renamed to it. Where it does, the finished files are
    moved into it one by one, those of the same name are replaced (if ``overwrite`` is set), and other files stay:
    the folder may be the user's own.

    Args:
        path: the folder to make; its parents are made too.
        overwrite: whether ``path`` may hold files already.
        stale: names of files to remove from an existing folder unless the block wrote them.

    Yields:
        The temporary folder to write in, beside ``path``.

    Raises:
        FileExistsError: if ``path`` is a file, or holds files and ``overwrite`` is not set; raised before the
            block is entered.
        OSError: if ``path`` cannot be written; raised before the block is entered.
    """
    refuse_occupied(path, overwrite)
    given, path = path, Path(path).resolve()  # "." has no name of its own
    work = path.parent / f".{path.name}.{uuid.uuid4().hex[:8]}.tmp"
    with target_named(given):
        path.parent.mkdir(parents=True, exist_ok=True)
        work.mkdir()
    try:
        yield work
        if path.is_dir():
            written = {item.name for item in work.iterdir()}
            for item in sorted(work.iterdir()):
                if item.is_dir() and (path / item.name).is_dir():
                    shutil.rmtree(path / item.name)
                os.replace(item, path / item.name)
            for name in stale:
                if name not in written:
                    (path / name).unlink(missing_ok=True)
        else:
            os.replace(work, path)
    finally:
        shutil.rmtree(work, ignore_errors=True)
