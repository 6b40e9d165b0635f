"""Options that several commands have."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from .completion import complete_data, complete_folder, complete_setting
from .console import Console

F = TypeVar("F", bound=Callable[..., Any])

pass_console = click.make_pass_decorator(Console)


def data_argument(required: bool = True) -> Callable[[F], F]:
    """DATA: a registry name or a folder."""
    metavar = "DATA" if required else "[DATA]"
    return click.argument("data", metavar=metavar, required=required, shell_complete=complete_data)


def model_argument(command: F) -> F:
    """MODEL_DIR, as :func:`~xcgraph.cli.model_dir.model_folder` takes it."""
    return click.argument("model_dir", metavar="MODEL_DIR", shell_complete=complete_folder)(command)


def text_option(command: F) -> F:
    """``--text``."""
    return click.option(
        "--text",
        type=click.Choice(["all", "title"]),
        default="all",
        show_default=True,
        help="Title and content of documents and labels, or the titles alone.",
    )(command)


def json_option(command: F) -> F:
    """``--json``, as the argument ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print json instead of a table.")(command)


def seed_option(command: F) -> F:
    """``--seed``."""
    return click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        help="The same seed gives the same result on one machine.",
    )(command)


def device_option(command: F) -> F:
    """``--device``, as ``"cpu"`` or ``"cuda"``."""
    return click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda"]),
        default="auto",
        show_default=True,
        help="Where to compute; auto: on the GPU if there is one.",
    )(command)


def set_option(help: str = "Change a setting; may be repeated.") -> Callable[[F], F]:
    """``--set``, as the argument ``changes``."""
    return click.option(
        "--set", "changes", multiple=True, metavar="KEY=VALUE", help=help, shell_complete=complete_setting
    )


def training_options(command: F) -> F:
    """What a run is made of: ``--model``, ``--text``, ``--device``, ``--recipe`` and ``--set``."""
    model = click.option("--model", type=click.Choice(["eclare", "decaf"]), default="eclare", show_default=True)
    recipe = click.option(
        "--recipe",
        type=click.Choice(["default", "paper"]),
        default="default",
        show_default=True,
        help="paper: modules I to IV with the settings of the publications.",
    )
    for option in (set_option(), recipe, device_option, text_option, model):  # the last is shown first
        command = option(command)
    return command


def quiet_option(command: F) -> F:
    """``--quiet``: it changes the console, and is no argument."""

    def hush(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
        console = ctx.find_object(Console)
        if not value or console is None:
            return
        if console.verbosity:
            raise click.UsageError("give either --verbose or --quiet", ctx)
        console.quiet = True

    return click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=hush,
        help="Nothing on stderr but errors: no progress, messages and warnings.",
    )(command)


def resolve_device(device: str) -> str:
    """``"cpu"`` or ``"cuda"``.

    Raises:
        click.UsageError: if cuda is asked for where there is none.
    """
    if device == "cpu":
        return device
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if device == "cuda":
        raise click.UsageError("--device cuda: this machine has no GPU that torch can use; take --device cpu")
    return "cpu"


def check_out(out: Path) -> None:
    """Refuses ``--out`` where nothing can be written, before long work.

    Raises:
        click.UsageError: if the nearest folder above that is there may not be written.
    """
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not os.access(there, os.W_OK):
        raise click.UsageError(f"--out {out}: {there} may not be written; choose another place")
    if there != out and not there.is_dir():
        raise click.UsageError(f"--out {out}: {there} is a file; choose another place")


def flag(parameter: str) -> str:
    """How an option is written on the current command's line: ``num_labels`` -> ``--labels``."""
    for option in click.get_current_context().command.params:
        if option.name == parameter:
            return max(option.opts, key=len)
    return parameter
