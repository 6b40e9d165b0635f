"""The package index that apt keeps: where it lies, and what it says."""

from __future__ import annotations

import bz2
import gzip
import logging
import lzma
import os
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from xcgraph.data import DataError

logger = logging.getLogger(__name__)

_HELPERS = ("/usr/lib/apt/apt-helper", "/usr/libexec/apt/apt-helper")
_ELSEWHERE = (
    "give a Packages file of any Debian or Ubuntu mirror (dists/SUITE/main/binary-amd64/Packages.xz) as 'packages'"
)
_UPDATE_TIMEOUT = 600


class AptFiles(NamedTuple):
    """Index files of the machine's own distribution.

    Args:
        packages: ``Packages`` files.
        translations: English ``Translation`` files, which hold the long descriptions; empty where apt has none.
    """

    packages: list[Path]
    translations: list[Path]


@contextmanager
def apt_files(descriptions: bool = False) -> Iterator[AptFiles]:
    """Finds the index files that apt keeps; fetches them without root where it keeps none.

    They are fetched into a private state folder, from the machine's own sources, and live as long as the context.
    Sources of other vendors are left out, so that they do not change the data set.

    Args:
        descriptions: fetch in any case, with the long descriptions.

    Raises:
        DataError: if there is no apt, or no index and none can be fetched.
    """
    if shutil.which("apt-get") is None:
        raise DataError(f"expected apt-get (Debian, Ubuntu), got a machine without it; {_ELSEWHERE}")
    files = _find([])
    if files.packages and (files.translations or not descriptions):
        yield files
        return
    with tempfile.TemporaryDirectory(prefix="xcgraph-apt-") as folder:
        options = _private_options(Path(folder), descriptions)
        logger.info("fetching the package index into a private folder (9 MB; with long descriptions 15 MB)")
        complaint = _run_update(options)
        fetched = _find(options)
        if not fetched.packages:
            raise DataError(
                f"expected apt's package index, got none here and none from the machine's sources ({complaint}); "
                f"run 'apt-get update' as root, or {_ELSEWHERE}"
            )
        if descriptions and not fetched.translations:
            raise DataError(
                f"expected long descriptions, got none from the machine's sources ({complaint}); "
                "build without descriptions, or try again with a network connection"
            )
        yield fetched


def apt_files_here() -> bool:
    """Whether apt keeps a package index of the machine's own distribution."""
    return bool(_find([]).packages)


def read_index(path: str | os.PathLike[str]) -> str:
    """The text of an index file in any compression.

    gzip, bzip2, xz and plain text are read here, whatever the file is called; lz4 and zstd by apt's own helper.

    Raises:
        DataError: if the file is missing, empty, truncated or not UTF-8, or needs a helper that is not there.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"cannot be read: {error.strerror}; name a Packages file in any compression", path
        ) from error
    if not raw:
        raise DataError("expected a Packages file, got an empty file; fetch it again", path)
    try:
        if raw.startswith(b"\x1f\x8b"):
            raw = gzip.decompress(raw)
        elif raw.startswith(b"BZh"):
            raw = bz2.decompress(raw)
        elif raw.startswith(b"\xfd7zXZ\0"):
            raw = lzma.decompress(raw)
        elif raw.startswith(b"\x04\x22\x4d\x18"):
            raw = _cat_file(path, ".lz4")
        elif raw.startswith(b"\x28\xb5\x2f\xfd"):
            raw = _cat_file(path, ".zst")
    except (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"expected complete compressed data, got a damaged or truncated file ({error}); fetch it again", path
        ) from error
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"expected UTF-8 text, got byte 0x{raw[error.start]:02x}; name a Packages file", path, line
        ) from error


def paragraphs(path: str | os.PathLike[str], fields: Sequence[str]) -> Iterator[dict[str, str]]:
    """The paragraphs of an index file as field -> value, one dictionary each.

    Args:
        path: the file, in any compression.
        fields: the fields to keep. Lines of a longer value are joined by line breaks, without their indent.

    Raises:
        DataError: if a paragraph has no ``Package`` field, or as :func:`read_index`.
    """
    text = read_index(path)
    wanted = frozenset(fields) | {"Package"}
    position = 0
    count = 0
    for block in text.split("\n\n"):
        found: dict[str, str] = {}
        name = ""
        for line in block.split("\n"):
            if line[:1] in (" ", "\t"):
                if name:
                    found[name] += "\n" + line.strip()
                continue
            name, colon, value = line.partition(":")
            if colon and name in wanted:
                found[name] = value.strip()
            else:
                name = ""
        if "Package" in found:
            count += 1
            yield found
        elif block.strip():
            line_number = text.count("\n", 0, position) + 1
            start = block.strip().split("\n")[0][:40]
            raise DataError(f"expected 'Package: NAME', got {start!r}; name a Packages file", path, line_number)
        position += len(block) + 2
    if not count:
        raise DataError("expected packages, got an empty index; fetch it again", path)


def _find(options: Sequence[str]) -> AptFiles:
    """The files that ``apt-get indextargets`` names, restricted to the machine's distribution and architecture."""
    native = _run(["apt-config", *options, "shell", "A", "APT::Architecture"]).strip()[3:-1]
    template = "$(CREATED_BY)\t$(ORIGIN)\t$(ARCHITECTURE)\t$(LANGUAGE)\t$(FILENAME)"
    rows = [
        row.split("\t")
        for row in _run(["apt-get", *options, "indextargets", "--format", template]).splitlines()
        if row.count("\t") == 4
    ]
    origins = {row[1].lower() for row in rows}
    # A derivative is served by its own archive, or by the one that it builds upon.
    own = next((name for name in _distribution() if name in origins), None)
    rows = [row for row in rows if row[1].lower() == own and Path(row[4]).is_file()]
    packages = [Path(row[4]) for row in rows if row[0] == "Packages" and row[2] in (native, "all")]
    translations = [Path(row[4]) for row in rows if row[0] == "Translations" and row[3] == "en"]
    return AptFiles(packages, translations)


def _distribution(path: str = "/etc/os-release") -> list[str]:
    """Names of this distribution and of those it derives from, the nearest first."""
    values: dict[str, str] = {}
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                key, _, value = line.strip().partition("=")
                values[key] = value.strip("\"'").lower()
    except OSError:
        pass
    return [*values.get("ID", "").split(), *values.get("ID_LIKE", "").split(), "debian", "ubuntu"]


def _private_options(folder: Path, descriptions: bool) -> list[str]:
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    settings = {
        "Dir::State": folder / "state",
        "Dir::State::lists": folder / "state/lists",
        "Dir::Cache": folder / "cache",
        "Acquire::Languages": "en" if descriptions else "none",
        "Acquire::Retries": "1",
        "Acquire::http::Timeout": "30",
        "Acquire::https::Timeout": "30",
        # The hooks of a real update concern the real state.
        "APT::Update::Pre-Invoke": "",
        "APT::Update::Post-Invoke": "",
        "APT::Update::Post-Invoke-Success": "",
    }
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # The folder is ours alone; apt's download user could not write to it.
        settings["APT::Sandbox::User"] = "root"
    return [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]


def _run_update(options: Sequence[str]) -> str:
    """Fetches the index; returns the first complaint. A source that fails does not spoil the others."""
    try:
        done = subprocess.run(
            ["apt-get", *options, "-q", "update"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_UPDATE_TIMEOUT,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return f"apt-get update took more than {_UPDATE_TIMEOUT} s"
    except OSError as error:
        return str(error)
    complaints = [line for line in done.stderr.splitlines() if line.startswith(("E:", "W:"))]
    for line in complaints:
        logger.debug("apt-get update: %s", line)
    return complaints[0] if complaints else "no complaint from apt-get"


def _cat_file(path: Path, suffix: str) -> bytes:
    helper = next((name for name in _HELPERS if Path(name).is_file()), None)
    if helper is None:
        raise DataError(
            f"expected {_HELPERS[0]} to read {suffix} compression, got a machine without it; "
            "install apt, or name a file in xz, gzip or no compression",
            path,
        )
    with tempfile.TemporaryDirectory(prefix="xcgraph-apt-") as folder:
        # The helper goes by the file's ending.
        link = Path(folder) / f"index{suffix}"
        link.symlink_to(path.resolve())
        done = subprocess.run([helper, "cat-file", str(link)], capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        raise OSError(said.removeprefix("E: ").replace(str(link), path.name))
    return done.stdout


def _run(command: Sequence[str]) -> str:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL
        ).stdout
    except OSError:
        return ""
