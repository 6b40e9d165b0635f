"""Training: recipes, phases, checkpoints and complete runs."""

from typing import TYPE_CHECKING, Any

from .settings import Settings, make_settings

if TYPE_CHECKING:
    from .pipeline import Pipeline
    from .run import run_benchmark

__all__ = ["Pipeline", "Settings", "make_settings", "run_benchmark"]


def __getattr__(name: str) -> Any:
    # What trains needs torch; the command line looks at settings before it waits for that.
    if name == "Pipeline":
        from .pipeline import Pipeline

        return Pipeline
    if name == "run_benchmark":
        from .run import run_benchmark

        return run_benchmark
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
