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


def read_lines(path: Path, report: Report) -> Iterator[tuple[int, str | None]]:
    """Yields ``(1-based line number, line without its end)``; None for a line that is no UTF-8 (reported).

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
                    text = line.decode("utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    byte = error.object[error.start]
                    report.error(
                        path,
                        number,
                        f"expected UTF-8, got byte 0x{byte:02x} at position {error.start + 1}; "
                        "write the file again as UTF-8",
                    )
                yield number, text
    except (EOFError, OSError, zlib.error) as error:
        report_unreadable(path, number + 1, error, report)


def report_unreadable(path: Path, line: int | None, error: Exception, report: Report) -> None:
    """Reports a file that is absent, cut off or damaged."""
    if isinstance(error, FileNotFoundError):
        report.error(path, None, "file is missing")
    elif isinstance(error, EOFError):
        report.error(path, line, "expected more gzip data, got the end of the file; fetch or build it again")
    elif isinstance(error, (gzip.BadGzipFile, zlib.error)):
        report.error(path, line, f"expected gzip data, got something else ({error}); fetch or build it again")
    else:
        report.error(path, None, f"cannot be read: {getattr(error, 'strerror', None) or error}")
