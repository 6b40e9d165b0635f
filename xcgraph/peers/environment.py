"""The virtual environment that the peers' libraries live in."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

from .error import PeerError

logger = logging.getLogger(__name__)

#: Pinned, and installed as they stand: libpecos asks for torch, transformers and more, napkinxc and omikuji for
#: what they download or build with, and training and prediction need none of it.
REQUIREMENTS = (
    "omikuji==0.5.2",
    "libpecos==1.2.8",
    "napkinxc==0.7.2",
    "numpy==1.26.4",
    "scipy==1.13.1",
    "scikit-learn==1.5.2",
    "joblib==1.4.2",
    "threadpoolctl==3.5.0",
    "cffi==1.17.1",
    "pycparser==2.22",
)
#: Of which all of these have wheels.
PYTHONS = ((3, 12), (3, 11), (3, 10))
_STAMP = "requirements.txt"


class PeerEnvironment:
    """A virtual environment with the peers' libraries, apart from this package's: libpecos wants scipy < 1.14.

    Args:
        folder: by default ``$XDG_CACHE_HOME/xcgraph/peers``, else ``~/.cache/xcgraph/peers``.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        self.folder = cache / "xcgraph" / "peers" if folder is None else Path(folder)

    @property
    def python(self) -> Path:
        """Its interpreter, there or not."""
        return self.folder / "bin" / "python"

    def is_ready(self) -> bool:
        """Whether it is there, with the versions that this package pins."""
        try:
            return self.python.exists() and (self.folder / _STAMP).read_text(encoding="utf-8") == _pins()
        except OSError:
            return False

    def prepare(self) -> Path:
        """Makes it where it is not ready, in a temporary place first.

        Returns:
            :attr:`python`.

        Raises:
            PeerError: if no Python has wheels of the libraries, or they cannot be installed.
        """
        if self.is_ready():
            return self.python
        base = find_python()
        logger.info("making the environment of the peers in %s, with %s", self.folder, base)
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        work = self.folder.parent / f".{self.folder.name}.{uuid.uuid4().hex[:8]}.tmp"
        try:
            _check([base, "-m", "venv", str(work)], f"{base} could not make a virtual environment")
            (work / _STAMP).write_text(_pins(), encoding="utf-8")
            pip = [str(work / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
            install = [*pip, "--no-deps", "--only-binary", ":all:", "-r", str(work / _STAMP)]
            _check(install, "pip could not install the peers' libraries")
            if self.folder.exists():  # other pins, or half of it
                shutil.rmtree(self.folder)
            os.replace(work, self.folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return self.python


def find_python() -> str:
    """A Python that the pinned libraries have wheels for: this one, or one on the PATH.

    Raises:
        PeerError: if there is none.
    """
    versions = {f"{major}.{minor}" for major, minor in PYTHONS}
    for candidate in _candidates():
        try:
            done = subprocess.run(
                [candidate, "-c", "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"],
                capture_output=True, text=True, env=clean_environ(), timeout=60,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError):
            continue
        if done.returncode == 0 and done.stdout.strip() in versions:
            return candidate
    wanted = " or ".join(sorted(versions))
    raise PeerError(
        f"the peers' libraries have wheels for Python {wanted} only, and neither this Python "
        f"({sys.version_info[0]}.{sys.version_info[1]}) nor one on the PATH is of that kind (with ensurepip); "
        "install one, or take peers that need none: --peers knn,centroid,text"
    )


def clean_environ() -> dict[str, str]:
    """The environment variables of this process, without those that would lead another Python to its packages."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


def _candidates() -> Iterator[str]:
    # Not the interpreter of a virtual environment: what is made of it would lean on that.
    yield getattr(sys, "_base_executable", None) or sys.executable
    for major, minor in PYTHONS:
        found = shutil.which(f"python{major}.{minor}")
        if found:
            yield found


def _pins() -> str:
    return "\n".join(REQUIREMENTS) + "\n"


def _check(command: list[str], problem: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environ())
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        errors = [line for line in lines if line.lower().startswith("error")] or lines[-1:]
        raise PeerError(f"{problem}: {errors[-1].strip() if errors else f'exit code {done.returncode}'}")
