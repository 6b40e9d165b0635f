import pytest

from xcgraph.data import DataError
from xcgraph.data.read_json import read_json


def test_read_json(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"ä": [1, 2]}', encoding="utf-8")
    assert read_json(path) == {"ä": [1, 2]}
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("content", "place"),
    [(b'{"a": 1,\n "b', ":2: "), (b"", ":1: "), (b'{"a": "\xff"}', ": "), (b"[" * 100_000, ": ")],
)
def test_damaged(content, place, tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_json(path)
    assert str(caught.value).startswith(f"{path}{place}expected a whole JSON file, got a damaged one (")
