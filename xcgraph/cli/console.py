"""What goes to stderr: messages, and the log of the library."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

# What these say at level INFO takes time, so that a user wants to know of it.
_PROGRESS = ("xcgraph.datasets.registry", "xcgraph.datasets.apt", "xcgraph.serving.live_model")


class Console(logging.Handler):
    """Writes messages and log records to stderr, one line each.

    ``-v`` adds what the library says at level INFO, ``-vv`` DEBUG and the tracebacks of errors.

    Args:
        args: the command line, without the name of the program.

    Attributes:
        verbosity: how often ``-v`` was given.
        quiet: errors alone.
    """

    def __init__(self, args: Sequence[str] = ()) -> None:
        super().__init__()
        self.args = list(args)
        self.verbosity = 0
        self.quiet = False

    def say(self, text: str) -> None:
        """Shows a message, unless :attr:`quiet`."""
        if not self.quiet:
            click.echo(text, err=True)

    def warn(self, text: str) -> None:
        """Shows a warning."""
        click.echo(f"Warning: {text}", err=True)

    @contextmanager
    def attached(self) -> Iterator[Console]:
        """Takes the log of the library while the block runs."""
        logger = logging.getLogger("xcgraph")
        level = logger.level
        logger.addHandler(self)
        logger.setLevel(logging.DEBUG if self.verbosity > 1 else logging.INFO)
        try:
            with warnings.catch_warnings():
                # Other packages' advice to programmers; PYTHONWARNINGS brings it back.
                if not self.verbosity and not sys.warnoptions:
                    warnings.simplefilter("ignore")
                yield self
        finally:
            logger.removeHandler(self)
            logger.setLevel(level)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to show a record."""
        if self.quiet:
            return record.levelno >= logging.ERROR
        if record.levelno >= logging.WARNING or self.verbosity:
            return True
        return record.name in _PROGRESS and record.levelno >= logging.INFO

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback, which only ``-vv`` shows, keeps its lines."""
        text = super().format(record)
        if record.exc_info:
            return text
        text = " ".join(text.split())
        if record.levelno >= logging.WARNING:
            return f"{record.levelname.capitalize()}: {text}"
        return text if record.levelno >= logging.INFO else f"{record.name}: {text}"

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a record; through tqdm if a run has loaded it, since its bar may be there."""
        tqdm = sys.modules.get("tqdm")
        if tqdm is None:
            click.echo(self.format(record), err=True)
        else:
            tqdm.tqdm.write(self.format(record), file=sys.stderr)
