"""The outermost group: where every error ends."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Any

import click

from .console import Console
from .errors import Interrupted, as_click_error, one_line
from .lazy_group import LazyGroup

logger = logging.getLogger(__name__)


class BenchGroup(LazyGroup):
    """Turns mistakes into one line on stderr and an exit code; faults of the program keep their traceback."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Runs the program; see ``click.Group.main``."""
        extra.setdefault("obj", Console(sys.argv[1:] if args is None else args))
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.Abort:
            _leave(Interrupted())
        except click.ClickException as error:
            _leave(error)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command, and translates its errors."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:
            known = error if isinstance(error, click.ClickException) else as_click_error(error)
            if known is None:
                raise
            logger.debug("traceback", exc_info=error)
            if known is error:
                raise
            raise known from error


def _leave(error: click.ClickException) -> None:
    if type(error).__name__ == "NoArgsIsHelpError":  # not in click 8.1
        error.show()
    else:
        click.echo(one_line(error), err=True)
    sys.exit(error.exit_code)
