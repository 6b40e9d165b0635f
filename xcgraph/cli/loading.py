"""Data sets as commands take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .console import Console
from .errors import usage_errors

if TYPE_CHECKING:
    from xcgraph.data import LFDataset

_FIRST, _ELSEWHERE = "debian-rse", "planted"


def load(name_or_folder: str, text: Any, console: Console, **options: Any) -> LFDataset:
    """Loads a data set, building it first where that is needed and possible, and says how large it is.

    ``options`` are those of :func:`~xcgraph.datasets.load_dataset`.

    Raises:
        click.UsageError: if there is neither such a name nor such a folder.
        DataError: if the data cannot be had or read.
    """
    from xcgraph.datasets import load_dataset

    with usage_errors():
        data = load_dataset(name_or_folder, text=text, **options)
    console.say(
        f"{data.name}: {data.train_x.shape[0]:,} training and {data.test_x.shape[0]:,} test documents, "
        f"{data.num_labels:,} labels, {data.num_features:,} features"
    )
    return data


def load_default(text: Any, console: Console) -> tuple[str, LFDataset]:
    """Loads the data set to use where none was named: a real one if this machine can build it.

    Returns:
        ``(name, data)``.
    """
    from xcgraph.data import DataError
    from xcgraph.datasets import available

    possible, reason = available(_FIRST)
    if possible:
        console.say(f"no data set named: {_FIRST} ({reason})")
        try:
            return _FIRST, load(_FIRST, text, console)
        except DataError as error:
            # It was to be fetched, and could not be.
            reason = str(error)
    console.say(
        f"no data set named: {_ELSEWHERE}, which is synthetic, since {_FIRST} cannot be built here ({reason})"
    )
    return _ELSEWHERE, load(_ELSEWHERE, text, console)
