"""Writes a data set as sparse text files, as the Extreme Classification Repository publishes them."""

from __future__ import annotations

import os
from typing import Literal

from .atomic import atomic_folder
from .filter_pairs import write_filter_pairs
from .folder_format import FILTER_FILES, JOINT_FILES, LABEL_FEATURES, TWO_PART_FILES
from .joint_text import write_joint_text
from .label import Label
from .lf_dataset import LFDataset
from .raw_writer import write_labels
from .sparse_text import write_sparse_text


def write_xmlrepo_folder(
    out: str | os.PathLike[str],
    data: LFDataset,
    layout: Literal["two-part", "joint"] = "two-part",
    overwrite: bool = False,
) -> None:
    """Writes features, relevance, filter pairs, and label names (``lbl.json.gz``); document names are not kept.

    The folder appears whole or not at all, and the same data set gives the same bytes.

    Args:
        out: the folder; must be absent or empty unless ``overwrite`` is set.
        data: what to write.
        layout: ``"two-part"`` for ``trn_X_Xf.txt``, ``trn_X_Y.txt`` and so on, ``"joint"`` for ``train.txt`` and
            ``test.txt``; both with ``Yf.txt``.
        overwrite: replace the data files that ``out`` holds.

    Raises:
        ValueError: if ``layout`` is neither.
        FileExistsError: if ``out`` holds files and ``overwrite`` is not set.
    """
    if layout not in ("two-part", "joint"):
        raise ValueError(f"'layout' must be 'two-part' or 'joint', got {layout!r}")
    groups = (TWO_PART_FILES.values(), JOINT_FILES.values(), [LABEL_FEATURES], [tuple(FILTER_FILES.values())])
    stale = [name for group in groups for names in group for name in names] + ["lbl.json", "Y.txt"]
    with atomic_folder(out, overwrite, stale) as folder:
        for split, stem in (("train", "trn"), ("test", "tst")):
            x, y, pairs = (getattr(data, f"{split}_{part}") for part in ("x", "y", "filter"))
            if layout == "joint":
                write_joint_text(folder / f"{split}.txt", x, y)
            else:
                write_sparse_text(folder / f"{stem}_X_Xf.txt", x)
                write_sparse_text(folder / f"{stem}_X_Y.txt", y)
            if len(pairs):
                write_filter_pairs(folder / FILTER_FILES[split], pairs)
        write_sparse_text(folder / "Yf.txt", data.label_x)
        labels = zip(data.label_uids, data.label_titles, strict=True)
        write_labels(folder / "lbl.json.gz", (Label(uid, title) for uid, title in labels))
