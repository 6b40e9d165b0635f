"""MODEL_DIR as commands take it."""

from __future__ import annotations

from pathlib import Path


def model_folder(model_dir: str) -> Path:
    """The folder of a model: itself, or ``model/`` in the folder of a run."""
    folder = Path(model_dir)
    return folder / "model" if (folder / "model" / "config.json").is_file() else folder
