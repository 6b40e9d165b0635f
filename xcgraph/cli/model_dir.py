"""MODEL_DIR as commands take it."""

from __future__ import annotations

from pathlib import Path

from .errors import DataProblem


def model_folder(model_dir: str) -> Path:
    """The folder of a model: itself, or ``model/`` in the folder of a run.

    Raises:
        DataProblem: if there is none; torch, which takes seconds to import, is not needed to know that.
    """
    folder = Path(model_dir)
    for found in (folder / "model", folder):
        if (found / "config.json").is_file():
            return found
    if not folder.exists():
        got = "nothing there"
    elif (folder / "checkpoints").is_dir():
        got = "a run that is not finished; its command goes on with --resume"
    else:
        got = "none"
    wanted = "expected a model folder, or that of a finished run"
    hint = "" if ";" in got else "; 'xcgraph-bench run' makes one"
    raise DataProblem(f"{model_dir}: {wanted}, got {got}{hint}")
