import gzip
import json
import logging

import pytest

from xcgraph.data import DataError, Document, Label, read_documents, read_labels

GOOD = '{"uid": "d", "title": "t", "target_ind": [0]}'


def document(**changes):
    record = {"uid": "d1", "title": "t", "target_ind": [0], **changes}
    return json.dumps({key: value for key, value in record.items() if value is not ...})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "expected a JSON object, got '{'"),
        ("", "expected a JSON object, got ''"),
        ("[1]", "expected a JSON object, got '[1]'"),
        ("[" * 100_000, "expected a JSON object, got '[[["),
        (document(target_ind=...), "expected 'target_ind' to be a list of label ids, got no such key"),
        (document(target_ind=3), "expected 'target_ind' to be a list of label ids, got 3"),
        (document(target_ind=["3"]), "expected label ids in 'target_ind', got \"3\""),
        (document(target_ind=[True]), "expected label ids in 'target_ind', got true"),
        (document(target_ind=[1.0]), "expected label ids in 'target_ind', got 1.0"),
        (document(target_ind=[0, 2]), "expected labels below 2 in 'target_ind', got 2"),
        (document(target_ind=[-1]), "expected labels below 2 in 'target_ind', got -1"),
        (document(target_rel=[1, 1]), "expected 'target_rel' to be a list of 1 numbers, got 2"),
        (document(target_rel=["x"]), "expected numbers in 'target_rel', got \"x\""),
        (document(target_rel=[float("nan")]), "expected numbers in 'target_rel', got NaN"),
        (document(uid=...), "expected 'uid' to be a string, got no such key"),
        (document(uid=""), "expected 'uid' to be a string with at least one character"),
        (document(title=None), "expected 'title' to be a string, got null"),
        (document(content=5), "expected 'content' to be a string, got 5"),
        (document(title="\ud800"), "expected UTF-8 text, got a lone surrogate"),
    ],
)
def test_read_documents_bad_line(tmp_path, line, message):
    path = tmp_path / "trn.json"
    path.write_text(f"{GOOD}\n{line}\n")
    with pytest.raises(DataError) as error:
        list(read_documents(path, 2))
    assert str(error.value).startswith(f"{path}:2: {message}")
    assert "\n" not in str(error.value)


def test_read_documents_invalid_utf8(tmp_path):
    path = tmp_path / "trn.json"
    path.write_bytes(f"{GOOD}\n".encode() + '{"uid": "é"}'.encode("latin-1"))
    with pytest.raises(DataError) as error:
        list(read_documents(path, 2))
    assert str(error.value).startswith(f"{path}:2: expected UTF-8, got byte 0xe9 at position 10")


def test_read_documents_damaged_gzip(tmp_path):
    path = tmp_path / "trn.json.gz"
    lines = [document(uid=f"{i * 7919 % 1000}-{i}") for i in range(2000)]
    packed = gzip.compress("\n".join(lines).encode())
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataError, match=r"trn\.json\.gz:\d+: expected more gzip data") as error:
        list(read_documents(path, 2))
    assert 1 < error.value.line < 2001
    path.write_bytes(b"")
    with pytest.raises(DataError, match="expected more gzip data"):
        list(read_documents(path, 2))
    path.write_bytes(GOOD.encode())
    with pytest.raises(DataError, match=r":1: expected gzip data, got something else"):
        list(read_documents(path, 2))
    path.write_bytes(packed[:200] + bytes(50) + packed[250:])
    with pytest.raises(DataError, match=r"expected gzip data|expected a JSON object|expected UTF-8"):
        list(read_documents(path, 2))


def test_read_documents_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"trn\.json\.gz: file is missing"):
        list(read_documents(tmp_path / "trn.json.gz", 2))
    with pytest.raises(DataError, match="cannot be read"):
        list(read_documents(tmp_path, 2))


def test_read_documents_counts_what_it_can_mend(tmp_path, caplog):
    path = tmp_path / "trn.json"
    lines = [
        document(target_ind=[1, 0, 1], target_rel=[3, 2, 3]),
        document(uid=7, target_ind=[1, 0], target_rel=[0.5, 0]),
        document(uid="d3", target_ind=[1, 1]),
        document(title="", content=None),
    ]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    with caplog.at_level(logging.WARNING):
        documents = list(read_documents(path, 2))
    assert documents == [
        Document("d1", "t", "", [1, 0], [3, 2]),
        Document("7", "t", "", [1], [0.5]),
        Document("d3", "t", "", [1]),
        Document("d1", "", "", [0]),
    ]
    assert sorted(caplog.messages) == [
        "trn.json: 1 documents whose uid was used before (first: line 4)",
        "trn.json: 1 documents with labels of relevance zero or less, which are left out (first: line 2)",
        "trn.json: 1 documents without text (first: line 4)",
        "trn.json: 2 documents that name a label twice, counted once (first: line 1)",
    ]


def test_read_labels(tmp_path, caplog):
    path = tmp_path / "lbl.json"
    path.write_text('{"uid": "a", "title": "x", "content": "y"}\n{"uid": "b", "title": " "}\n')
    with caplog.at_level(logging.WARNING):
        assert list(read_labels(path)) == [Label("a", "x", "y"), Label("b", " ", "")]
    assert caplog.messages == ["lbl.json: 1 labels without text (first: line 2)"]
    path.write_text('{"uid": "a", "title": "x"}\n{"uid": "a", "title": "z"}\n')
    with pytest.raises(DataError, match=r"lbl\.json:2: expected a new uid, got 'a' of line 1 again"):
        list(read_labels(path))
