"""Training: recipes, phases, checkpoints and complete runs."""

from .pipeline import Pipeline
from .run import run_benchmark
from .settings import Settings, make_settings

__all__ = ["Pipeline", "Settings", "make_settings", "run_benchmark"]
