"""How mistakes reach the user: one line on stderr and an exit code, 2 for usage, 1 for data."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import click

# What the library advises, and how it is done from the command line.
_COMMANDS = {
    "as 'packages'": "by 'xcgraph-bench data build debian --packages FILE --out DIR'",
    "or 'directory'": "or 'xcgraph-bench data build wordnet --dir DIR --out DIR'",
}
_OVERWRITE = "another folder, or add --overwrite"


class DataProblem(click.ClickException):
    """Something is wrong with files or with the machine; exit code 1."""

    exit_code = 1


class Interrupted(click.ClickException):
    """Ctrl-C; exit code 130 (128 + SIGINT), as shells have it."""

    exit_code = 130

    def __init__(self, message: str = "Interrupted") -> None:
        super().__init__(message)


@contextmanager
def usage_errors() -> Iterator[None]:
    """Around library code that checks what the user typed: its complaints are mistakes of usage.

    Arguments that a message names in quotes get the names of the current command's options.
    """
    from xcgraph.data import DataError

    try:
        yield
    except DataError:
        raise
    except (ValueError, FileExistsError) as error:
        raise click.UsageError(in_flags(_text(error))) from error


@contextmanager
def overwrite_advice(overwrite: bool) -> Iterator[None]:
    """Around library code that writes a folder: where there are files already, ``--overwrite`` is the way."""
    try:
        yield
    except FileExistsError as error:
        text = _text(error)
        raise click.UsageError(text if overwrite else text.replace("another folder", _OVERWRITE)) from error


@contextmanager
def data_errors(path: str) -> Iterator[None]:
    """Around library code that reads a file of the user's: its complaints are problems of that file."""
    from xcgraph.data import DataError

    try:
        yield
    except DataError:
        raise
    except ValueError as error:
        message = _text(error)
        raise DataProblem(message if message.startswith(path) else f"{path}: {message}") from error


def as_click_error(error: BaseException) -> click.ClickException | None:
    """What to tell the user of an exception; None for a fault of the program, which deserves its traceback."""
    from xcgraph.data import DataError

    if isinstance(error, KeyboardInterrupt):
        return Interrupted()
    if _is_memory(error):
        return DataProblem(
            f"not enough memory ({_text(error)[:120]}); for a run, try smaller settings (--set dim=128 "
            "--set batch_size=64, or --set scoring=shortlist), else a machine with more memory"
        )
    if isinstance(error, (DataError, OSError)):
        text = _text(error)
        for python, command in _COMMANDS.items():
            text = text.replace(python, command)
        return DataProblem(text)
    if isinstance(error, ImportError) and error.name is not None and not error.name.startswith("xcgraph"):
        return DataProblem(_text(error))
    return None


def one_line(error: click.ClickException) -> str:
    """The line that stderr gets."""
    line = " ".join(error.format_message().split())
    if isinstance(error, Interrupted):
        return line
    line = f"Error: {line}"
    if isinstance(error, click.UsageError) and error.ctx is not None:
        line = f"{line}{'' if line.endswith(('.', '?')) else '.'} Try '{error.ctx.command_path} --help'."
    return line


def in_flags(text: str) -> str:
    """Arguments in quotes, ``'num_labels'`` -> ``--labels``, as the current command calls it."""
    ctx = click.get_current_context(silent=True)
    for option in ctx.command.params if ctx is not None else ():
        if isinstance(option, click.Option):
            text = text.replace(f"'{option.name}'", max(option.opts, key=len))
    return text


def _is_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    # torch has no class of its own for memory of the host.
    text = str(error).lower() if isinstance(error, RuntimeError) else ""
    return "out of memory" in text or "can't allocate memory" in text


def _text(error: BaseException) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split()) or type(error).__name__
