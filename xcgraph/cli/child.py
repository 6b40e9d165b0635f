"""This program in a process of its own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence

from .errors import DataProblem

_CODE = "from xcgraph.cli import main; main(prog_name='xcgraph-bench')"


def run_bench(args: Sequence[str], threads: int | None = None, show: bool = True) -> None:
    """``xcgraph-bench`` in a process of its own, whose memory and threads are its alone.

    Args:
        args: of the command.
        threads: for numerical libraries; by default, what the environment says.
        show: let it print its results; messages are always shown.

    Raises:
        DataProblem: if it fails; what it said of that stands above.
    """
    names = () if threads is None else ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
    variables = {**os.environ, **dict.fromkeys(names, str(threads))}
    stdout = None if show else subprocess.DEVNULL
    done = subprocess.run([sys.executable, "-c", _CODE, *args], check=False, env=variables, stdout=stdout)
    if done.returncode:
        words = shlex.join(["xcgraph-bench", *args])
        raise DataProblem(f"{words}: ended with exit code {done.returncode}; its message is above")
