from __future__ import annotations

import json

import pytest

from .conftest import QUICK

ROWS = """id,headline,tags,author
1,tmux: terminal multiplexer,shell;terminal,ann
2,"byobu: ""profiles"", for screen",terminal,bob
3,zsh: a shell,shell,ann
4,fish: friendly shell,shell,cid
5,git: revision control,vcs,dan
6,tig: browser for git,vcs;terminal,eve
7,mercurial: revision control,vcs,fay
8,xterm: terminal emulator,terminal,gil
9,bash: a shell,shell,hal
10,subversion: revision control,vcs,ida
11,,vcs,ida
12,no labels here,,ida
"""
LABELS = "name\ttext\nshell\tcommand interpreter\nvcs\trevision control\nterminal\tterminal emulator\n"


@pytest.fixture
def table(tmp_path):
    (tmp_path / "items.csv").write_text(ROWS)
    (tmp_path / "labels.tsv").write_text(LABELS)
    return tmp_path / "items.csv"


@pytest.fixture
def args(table, tmp_path):
    return "data", "import", table, "--title", "headline", "--labels", "tags", "--out", tmp_path / "mine"


def test_from_a_table_to_predictions(bench, args, tmp_path):
    labels = ("--label-file", tmp_path / "labels.tsv", "--label-uid", "name", "--label-title", "text")
    result = bench(*args, *labels, "--test-fraction", 0.3, "--seed", 1)
    rows = {line.rsplit(maxsplit=1)[0]: line.split()[-1] for line in result.stdout.splitlines()[1:]}
    assert int(rows["training documents"]) + int(rows["test documents"]) == 10 and rows["labels"] == "3"
    assert rows["left out: documents without text"] == rows["left out: documents without labels"] == "1"
    assert result.stderr.endswith(f"next: xcgraph-bench data check {tmp_path / 'mine'}\n")
    assert bench("data", "check", tmp_path / "mine").stderr.endswith("0 errors, 0 warnings\n")
    bench("run", tmp_path / "mine", "--out", tmp_path / "run", "--device", "cpu", *QUICK)
    answer = json.loads(bench("predict", tmp_path / "run", "revision control of files", "-k", 3).stdout)
    assert {label["uid"] for label in answer["labels"]} == {"shell", "vcs", "terminal"}
    assert answer["labels"][0]["uid"] == "vcs" and answer["labels"][0]["title"] == "revision control"


def test_json_and_groups(bench, args):
    report = json.loads(bench(*args, "--group", "author", "--test-fraction", 0.4, "--json").stdout)
    assert report["train"] + report["test"] == 10 and report["out"] == str(args[-1])
    assert report["dropped"]["documents without text"] == 1


def test_filter_pairs_are_told(bench, table, tmp_path):
    table.write_text("id,title,labels,side\na,A,b;c,train\nb,B,a;c,test\n")
    args = ("data", "import", table, "--uid", "id", "--split", "side", "--out", tmp_path / "mine")
    assert "\n3 filter pairs: documents that are labels too" in "\n" + bench(*args).stderr
    result = bench(*args, "--overwrite", "--no-filter-pairs")
    assert "filter pairs:" not in result.stderr and not list((tmp_path / "mine").glob("filter*"))


def test_a_delimiter_is_that_of_the_same_format(bench, args, table, tmp_path):
    table.write_text("headline;tags;side\nzsh;shell|vcs;train\ngit;vcs;test\n")
    (tmp_path / "labels.csv").write_text(LABELS.replace("\t", ";"))
    for name in ("labels.tsv", "labels.csv"):
        labels = ("--label-file", tmp_path / name, "--label-uid", "name", "--label-title", "text")
        layout = ("--delimiter", ";", "--separator", "|", "--split", "side")
        assert json.loads(bench(*args, *labels, *layout, "--overwrite", "--json").stdout)["labels"] == 3


def test_test_files_in_another_format(bench, args, tmp_path):
    (tmp_path / "asked").write_text('{"headline": "ksh: a shell", "tags": ["shell"]}\n')
    (tmp_path / "known").write_text('{"headline": "csh: a shell", "tags": ["shell", "vcs"]}\n')
    report = json.loads(
        bench(
            "data",
            "import",
            tmp_path / "known",
            "--test",
            tmp_path / "asked",
            *args[3:],
            "--format",
            "jsonl",
            "--json",
        ).stdout
    )
    assert (report["train"], report["test"], report["labels"]) == (1, 1, 2)


def test_bad_rows_and_another_encoding(bench, error, args, table):
    with open(table, "ab") as file:
        file.write("café,café au lait,vcs,x\n".encode("latin-1"))
    line = error(*args, code=1)
    assert "expected UTF-8, got byte 0xe9" in line and line.endswith("or give the right --encoding")
    counted = json.loads(bench(*args, "--skip-bad-rows", "--json").stdout)
    assert counted["dropped"]["rows that cannot be read"] == 1
    read = json.loads(bench(*args, "--encoding", "latin-1", "--overwrite", "--json").stdout)
    assert read["train"] + read["test"] == counted["train"] + counted["test"] + 1


def test_mistakes_of_usage(error, args, table, tmp_path):
    assert "Missing argument 'FILE...'" in error("data", "import", "--out", tmp_path / "x", code=2)
    assert "Missing option '--out'" in error("data", "import", table, code=2)
    assert "give either --test or --split" in error(*args, "--test", table, "--split", "id", code=2)
    line = error(*args, "--test", table, "--seed", 1, "--group", "author", code=2)
    assert "--test says which documents are test documents: leave out --group, --seed" in line
    assert "--delimiter must be one character" in error(*args, "--delimiter", ";;", code=2)
    assert "--separator must have" in error(*args, "--separator", "", code=2)
    assert "--encoding must be one that Python knows" in error(*args, "--encoding", "klingon", code=2)
    assert "--unlisted say how to read --label-file: give it too" in error(*args, "--unlisted", "drop", code=2)
    assert "'--test-fraction'" in error(*args, "--test-fraction", 1, code=2)
    args[-1].mkdir()
    (args[-1] / "mine.txt").write_text("kept")
    assert f"{args[-1]}: holds files already; choose another folder, or add --overwrite" in error(*args, code=2)
    assert [path.name for path in args[-1].iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "--title title",
            ":1: expected a column 'title', got 'id', 'headline', 'tags', 'author'; give the",
        ),
        ("--uid nr", ":1: expected a column 'nr', got 'id', 'headline', 'tags', 'author'; give the right --uid"),
        (r"--delimiter \t", "give the right --title, or the right --delimiter"),
        (
            "--label-file labels.tsv",
            "labels.tsv:1: expected a column 'title', got 'name', 'text'; give",
        ),
        (
            "--label-file labels.tsv --label-title text --label-uid text",
            "items.csv:2: expected a label that has a text, got 'shell'; give it one, or choose what becomes of "
            "such labels (--unlisted: name, drop)",
        ),
        ("--label-file labels", "labels: expected a name that ends in .csv, .tsv, .tab, .jsonl, "),
        ("--label-file labels", ".parquet, .pq (or .gz), got another; give the --format"),
        ("--label-file ./labels.tsv", "give the right --label-title"),
        ("--label-file none.csv", "none.csv: expected a file, got nothing there"),
        ("--split author", "got 'ann'; change it, or choose another --split"),
        ("--format jsonl", "items.csv:1: expected a JSON object, got 'id,headline,tags,author'"),
        ("--format parquet", "arquet"),
        (
            "--test-fraction 0.0001",
            "expected training and test documents with text and labels, got 10 and 0 of 12 (1 documents without "
            "text, 1 documents without labels left out); split by another",
        ),
    ],
)
def test_mistakes_in_the_data(error, args, tmp_path, monkeypatch, change, message):
    monkeypatch.chdir(tmp_path)
    line = error(*args, *change.split(), code=1)
    assert message in line and not (tmp_path / "mine").exists()


def test_ragged_and_undecodable_rows(error, args, table):
    table.write_text(ROWS + "13,one,two\n")
    assert f"{table}:14: expected 4 cells as in the header, got 3" in error(*args, code=1)
    table.write_bytes(ROWS.encode() + b"13,caf\xe9,x,y\n")
    assert f"{table}:14: expected UTF-8, got byte 0xe9" in error(*args, code=1)
    table.write_text(ROWS + '13,"open,x,y\n14,a,b,c\n')
    line = error(*args, code=1)
    assert f"{table}:14: expected cells, got what is none" in line and "set --quotes to none" in line
