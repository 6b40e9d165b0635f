"""The command ``xcgraph-bench``: prepares data, builds label graphs, trains, evaluates, predicts.

One file a command. Nothing heavy is imported here: commands import what they need when they run.
"""

from .bench import main

__all__ = ["main"]
