"""Small folders that the tests of this part share."""

from __future__ import annotations

import json

import pytest

LABELS = [
    {"uid": "tmux", "title": "terminal multiplexer"},
    {"uid": "vim", "title": "text editor", "content": "modal editing"},
    {"uid": "nm", "title": "network-manager"},
]
TRAIN = [
    {"uid": "screen", "title": "multiplexer", "content": "old one", "target_ind": [0]},
    {"uid": "emacs", "title": "editor for text", "target_ind": [1, 0], "target_rel": [1.0, 1.0]},
    {"uid": "wicd", "title": "NetworkManager rival", "target_ind": [2]},
]
TEST = [
    {"uid": "nano", "title": "small editor", "target_ind": [1]},
    {"uid": "byobu", "title": "terminal profiles", "content": "for screen", "target_ind": [0, 2]},
]


def json_lines(records):
    return "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records).encode()


@pytest.fixture
def raw(tmp_path):
    """Writes an uncompressed raw folder; keywords replace whole files (records, text or bytes; None: absent)."""

    def write(name="set", **files):
        folder = tmp_path / name
        folder.mkdir()
        for stem, records in {"lbl": LABELS, "trn": TRAIN, "tst": TEST, **files}.items():
            if records is None:
                continue
            suffix = ".txt" if stem.startswith("filter") else ".json"
            content = (
                records if isinstance(records, bytes) else records.encode() if isinstance(records, str) else None
            )
            (folder / (stem + suffix)).write_bytes(json_lines(records) if content is None else content)
        return folder

    return write


SPARSE = {
    "trn_X_Xf": "3 4\n0:3 1:4\n2:1.5\n0:1 3:1\n",
    "trn_X_Y": "3 2\n0:1\n1:1.0\n0:1 1:1\n",
    "tst_X_Xf": "2 4\n1:1\n3:0.5\n",
    "tst_X_Y": "2 2\n0:1\n1:1\n",
    "Yf": "2 4\n0:1 1:1\n2:2\n",
}


@pytest.fixture
def sparse(tmp_path):
    """Writes a two-part XMLRepo folder; keywords replace whole files (None: absent)."""

    def write(name="set", **files):
        folder = tmp_path / name
        folder.mkdir()
        for stem, text in {**SPARSE, **files}.items():
            if text is not None:
                (folder / f"{stem}.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
        return folder

    return write
