"""What a run tells the outside while it trains, and who listens."""

from .callback import Callback
from .json_log import JsonLog
from .progress_bar import ProgressBar
from .tensorboard_log import TensorBoardLog, summary_writer
from .time_left import TimeLeft

__all__ = ["Callback", "JsonLog", "ProgressBar", "TensorBoardLog", "TimeLeft", "summary_writer"]
