"""What a report of finished runs shows, as plain values, and the page that it becomes."""

from .build_report import build_report
from .chart import Axis, Chart, Series
from .document_table import chosen_rows, document_table
from .finished_run import FinishedRun
from .label_distributions import label_distributions
from .other_result import OtherResult, read_results
from .render_report import render_report
from .run_group import RunGroup, group_runs
from .summary import summary
from .training_curves import training_curves

__all__ = [
    "Axis",
    "Chart",
    "FinishedRun",
    "OtherResult",
    "RunGroup",
    "Series",
    "build_report",
    "chosen_rows",
    "document_table",
    "group_runs",
    "label_distributions",
    "read_results",
    "render_report",
    "summary",
    "training_curves",
]
