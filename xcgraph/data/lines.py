"""Text files as numbered lines, plain or gzip, with the errors that broken files give."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from .report import Report


@contextmanager
def open_binary(path: Path) -> Iterator[IO[bytes]]:
    """Opens a plain or (by its first bytes) gzip file for reading."""
    with open(path, "rb") as file:
        magic = file.read(2)
        file.seek(0)
        if magic == b"\x1f\x8b":
            # No buffer of our own around it: where the file is cut off, it would lose the lines before the cut.
            with gzip.open(file, "rb") as unpacked:
                yield cast("IO[bytes]", unpacked)
        elif path.suffix == ".gz" and magic:
            raise gzip.BadGzipFile("no gzip header")
        elif path.suffix == ".gz":
            raise EOFError("empty file")
        else:
            yield file


def read_lines(
    path: Path, report: Report, encoding: str = "UTF-8", advice: str = "write the file again as UTF-8"
) -> Iterator[tuple[int, str | None]]:
    """Yields ``(1-based line number, line without its end)``; None for a line of another encoding (reported).

    The encoding is one in which a line break is the byte 10. ``advice`` is what to do about another one.

    A missing file, and a truncated or damaged gzip file, end the lines with an error.
    """
    number = 0
    try:
        with open_binary(path) as file:
            for number, line in enumerate(file, 1):
                if number == 1 and line.startswith(codecs.BOM_UTF8):
                    line = line[len(codecs.BOM_UTF8) :]
                text = None
                try:
                    text = line.decode(encoding).rstrip("\r\n")
                except UnicodeDecodeError as error:
                    byte = error.object[error.start]
                    report.error(
                        path,
                        number,
                        f"expected {encoding}, got byte 0x{byte:02x} at position {error.start + 1}; {advice}",
                    )
                yield number, text
    except (EOFError, OSError, zlib.error) as error:
        report_unreadable(path, number + 1, error, report)


def report_unreadable(path: Path, line: int | None, error: Exception, report: Report) -> None:
    """Reports a file that is absent, cut off or damaged."""
    if isinstance(error, FileNotFoundError):
        report.unreadable(path, None, "file is missing")
    elif isinstance(error, EOFError):
        report.unreadable(path, line, "expected more gzip data, got the end of the file; fetch or build it again")
    elif isinstance(error, (gzip.BadGzipFile, zlib.error)):
        report.unreadable(path, line, f"expected gzip data, got something else ({error}); fetch or build it again")
    else:
        report.unreadable(path, None, f"cannot be read: {getattr(error, 'strerror', None) or error}")
