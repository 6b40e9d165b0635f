"""Which of the known formats a data folder holds, and where its files are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, TypeAlias

from .error import DataError

FolderFormat: TypeAlias = Literal["raw", "xmlrepo", "joint"]

RAW_FILES: dict[str, tuple[str, ...]] = {
    name: (f"{name}.json.gz", f"{name}.json") for name in ("lbl", "trn", "tst")
}
TWO_PART_FILES: dict[str, tuple[str, ...]] = {
    name: (f"{name}.txt",) for name in ("trn_X_Xf", "trn_X_Y", "tst_X_Xf", "tst_X_Y")
}
JOINT_FILES: dict[str, tuple[str, ...]] = {name: (f"{name}.txt",) for name in ("train", "test")}
LABEL_FEATURES = ("lbl_X_Xf.txt", "Yf.txt")
FILTER_FILES = {"train": "filter_labels_train.txt", "test": "filter_labels_test.txt"}

_REQUIRED: dict[FolderFormat, dict[str, tuple[str, ...]]] = {
    "raw": RAW_FILES,
    "xmlrepo": {**TWO_PART_FILES, "labels": LABEL_FEATURES},
    "joint": {**JOINT_FILES, "labels": LABEL_FEATURES},
}


def folder_format(folder: str | os.PathLike[str]) -> FolderFormat:
    """Says which reader a folder needs.

    ``"raw"``: ``trn.json.gz``, ``tst.json.gz``, ``lbl.json.gz``; ``"xmlrepo"``: ``trn_X_Xf.txt``, ``trn_X_Y.txt``,
    ``tst_X_Xf.txt``, ``tst_X_Y.txt``; ``"joint"``: ``train.txt``, ``test.txt``; the last two with ``Yf.txt`` or
    ``lbl_X_Xf.txt``. A folder that holds several complete sets gives the first of them; one that holds no complete
    set gives the one of which the least is missing, so that the error names what is missing.

    Raises:
        DataError: if the folder does not exist or holds none of these files.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(
            "expected a data folder, got " + ("a file" if folder.exists() else "nothing there"), folder
        )
    best: FolderFormat | None = None
    best_share = 0.0
    for name, required in _REQUIRED.items():
        found = sum(find_file(folder, names) is not None for names in required.values())
        # A folder of the other kind may hold label texts or label features too: these alone say nothing.
        documents = [names for key, names in required.items() if key not in ("lbl", "labels")]
        if found / len(required) > best_share and any(find_file(folder, names) for names in documents):
            best, best_share = name, found / len(required)
    if best is None:
        raise DataError(
            "expected trn.json.gz, tst.json.gz and lbl.json.gz, or trn_X_Xf.txt, trn_X_Y.txt, tst_X_Xf.txt, "
            "tst_X_Y.txt and Yf.txt, or train.txt, test.txt and Yf.txt, got none of them; 'data import' "
            "makes such a folder of tables",
            folder,
        )
    return best


def find_file(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The first of ``names`` that ``folder`` holds."""
    return next((folder / name for name in names if (folder / name).is_file()), None)
