from __future__ import annotations

import json

import pytest

LBL = '{"uid": "a", "title": "alpha"}\n{"uid": "b", "title": ""}\n'
TRN = '{"uid": "x", "title": "one", "target_ind": [0, 1]}\n{"uid": "y", "title": "two", "target_ind": [7]}\n'
TST = '{"uid": "z", "title": "three", "target_ind": [0]}\n'


@pytest.fixture
def damaged(tmp_path):
    for name, text in (("lbl", LBL), ("trn", TRN), ("tst", TST)):
        (tmp_path / f"{name}.json").write_text(text)
    return tmp_path


def test_sound_folder(bench, folder):
    result = bench("data", "check", folder)
    assert result.stderr == f"{folder}: 0 errors, 0 warnings\n"
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["labels", "20"] and "worth a look" not in lines
    assert "training documents" in lines[1] and lines[1].split()[-1] == "45"
    assert lines[lines.index("labels by number of training documents") + 2].split()[:2] == ["1", "2"]
    found = json.loads(bench("data", "check", folder, "--json").stdout)
    assert found["problems"] == [] and found["health"]["findings"] == []
    assert (found["health"]["train"], found["health"]["test"], found["health"]["labels"]) == (45, 21, 20)
    assert len(found["health"]["deciles"]) == 10


def test_problems_with_file_and_line(bench, damaged):
    result = bench("data", "check", damaged, code=1)
    lines = result.stdout[: result.stdout.index("\n\n")].splitlines()
    assert any(line.startswith(f"{damaged / 'trn.json'}:2: error: expected labels below 2") for line in lines)
    assert any(line.startswith(f"{damaged / 'lbl.json'}:2: warning: ") for line in lines)
    assert result.stderr == f"{damaged}: 1 error, {len(lines) - 1} warning{'s' * (len(lines) != 2)}\n"
    problems = json.loads(bench("data", "check", damaged, "--json", code=1).stdout)["problems"]
    assert len(problems) == len(lines)
    (error,) = (problem for problem in problems if problem["severity"] == "error")
    assert (error["path"], error["line"]) == (str(damaged / "trn.json"), 2)


def test_warnings_alone_are_no_failure(bench, damaged):
    (damaged / "trn.json").write_text(TRN.replace("7", "1"))
    result = bench("data", "check", damaged)
    assert ": warning: " in result.stdout and "0 errors" in result.stderr


def test_no_folder(bench, tmp_path):
    result = bench("data", "check", tmp_path / "absent", code=1)
    assert result.stdout == f"{tmp_path / 'absent'}: error: expected a data folder, got nothing there\n"


def test_what_is_worth_a_look(bench, damaged):
    (damaged / "trn.json").write_text(TRN.replace("7", "1").replace("two", "ONE"))
    (damaged / "tst.json").write_text(TST.replace("three", " one "))
    result = bench("data", "check", damaged)
    looks = result.stdout[result.stdout.index("\nworth a look\n") :].splitlines()[2:]
    assert [look.split(":")[0] for look in looks] == [
        "- 1 labels without text (lbl.json",
        "- 1 training documents have the text of an earlier one (trn.json",
        "- 1 test documents have the text of a training document (tst.json",
    ]
    assert all(look.split("): ")[1] for look in looks)
    health = json.loads(bench("data", "check", damaged, "--json").stdout)["health"]
    assert health["findings"][0]["places"] == ["lbl.json:2"] and health["findings"][0]["advice"]


def test_no_health_of_what_cannot_be_read(bench, damaged):
    (damaged / "lbl.json").unlink()
    assert json.loads(bench("data", "check", damaged, "--json", code=1).stdout)["health"] is None
    assert "worth a look" not in bench("data", "check", damaged, code=1).stdout
