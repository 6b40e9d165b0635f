from __future__ import annotations

import gzip
import json
import subprocess
import sys

import pytest

from xcgraph.inference import Predictor


def answers(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="module")
def texts(finished):
    titles = Predictor.load(finished[0] / "model").label_titles
    return titles[:3]


def test_texts(bench, finished, texts):
    out, _ = finished
    expected = Predictor.load(out / "model").predict(texts, 2)
    for folder in (out, out / "model"):
        found = answers(bench("predict", folder, "-k", 2, *texts))
        assert [answer["text"] for answer in found] == texts
        for answer, labels in zip(found, expected, strict=True):
            assert [(label["uid"], label["title"]) for label in answer["labels"]] == [(u, t) for u, t, _ in labels]
            assert [label["score"] for label in answer["labels"]] == pytest.approx(
                [s for *_, s in labels], abs=1e-6
            )
    assert len(answers(bench("predict", out, "anything"))[0]["labels"]) == 5


def test_lines_of_text_and_json(bench, finished, texts, tmp_path):
    lines = [
        texts[0],
        json.dumps({"text": texts[1], "title": "not this"}),
        json.dumps({"title": texts[2], "content": "and more", "target_ind": [1]}),
        "",
        json.dumps({"title": "Käse", "content": ""}, ensure_ascii=False),
    ]
    wanted = [texts[0], texts[1], f"{texts[2]} and more", "", "Käse"]
    text = "".join(line + "\n" for line in lines)
    (tmp_path / "plain.txt").write_text(text, encoding="utf-8")
    (tmp_path / "packed.gz").write_bytes(gzip.compress(text.encode()))
    by_file = answers(bench("predict", finished[0], "--input", tmp_path / "plain.txt"))
    assert [answer["text"] for answer in by_file] == wanted
    assert answers(bench("predict", finished[0], "--input", tmp_path / "packed.gz")) == by_file
    by_line = answers(bench("predict", finished[0], "--input", "-", input=text))
    assert [[label["uid"] for label in answer["labels"]] for answer in by_line] == [
        [label["uid"] for label in answer["labels"]] for answer in by_file
    ]


def test_a_missing_model_is_known_before_torch_is_imported(error_without_torch, tmp_path):
    (tmp_path / "begun" / "checkpoints").mkdir(parents=True)
    for name, got in (("none", "got nothing there; 'xcgraph-bench run' makes one"), ("begun", "--resume")):
        stderr = error_without_torch("predict", tmp_path / name, "x")
        assert stderr.startswith(f"Error: {tmp_path / name}: expected a model folder") and got in stderr


def test_more_than_a_batch(bench, finished, texts, tmp_path):
    (tmp_path / "many.txt").write_text("".join(f"{texts[i % 3]}\n" for i in range(600)))
    found = answers(bench("predict", finished[0], "-k", 1, "--input", tmp_path / "many.txt"))
    assert len(found) == 600 and [answer["text"] for answer in found[-2:]] == texts[1:]
    assert found[0]["labels"][0]["uid"] == found[597]["labels"][0]["uid"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"uid": "x"}', "expected 'text', or 'title' and 'content', to be strings"),
        (b'{"title": 3}', "expected 'text', or 'title' and 'content', to be strings"),
        (b'{"title": "x"', "expected text or a JSON object"),
        (b"caf\xe9", "expected UTF-8, got byte 0xe9"),
    ],
)
def test_bad_lines(bench, error, finished, tmp_path, line, message):
    (tmp_path / "queries").write_bytes(b"fine\n" + line + b"\n")
    text = error("predict", finished[0], "--input", tmp_path / "queries", code=1)
    assert text.startswith(f"Error: {tmp_path / 'queries'}:2: ") and message in text
    result = bench("predict", finished[0], "--input", "-", input=b"fine\n" + line + b"\n", code=1)
    assert result.stderr.startswith("Error: stdin:2: ") and message in result.stderr
    assert [answer["text"] for answer in answers(result)] == ["fine"]


def test_mistakes(error, finished, tmp_path):
    out, _ = finished
    assert "give either TEXT or --input" in error("predict", out, code=2)
    assert "give either TEXT or --input" in error("predict", out, "x", "--input", "-", code=2)
    assert "'-k'" in error("predict", out, "x", "-k", 0, code=2)
    assert f"{tmp_path}: expected a model folder" in error("predict", tmp_path, "x", code=1)
    assert "file is missing" in error("predict", out, "--input", tmp_path / "absent", code=1)
    (tmp_path / "config.json").write_text('{"format_version": 1')
    assert f"{tmp_path}: cannot be read as a model" in error("predict", tmp_path, "x", code=1)


def test_answers_before_the_next_line_comes(finished, texts):
    command = [sys.executable, "-c", "from xcgraph.cli import main; main()"]
    with subprocess.Popen(
        [*command, "predict", str(finished[0]), "--input", "-", "--device", "cpu"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        for text in texts[:2]:
            process.stdin.write(text + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["text"] == text
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def test_half_of_a_surrogate_pair(bench, finished):
    result = bench("predict", finished[0], "--input", "-", input=b'{"text": "caf\\u00e9 \\ud800"}\n')
    (answer,) = answers(result)
    assert answer["text"] == "café \ud800" and len(answer["labels"]) == 5


def test_explanations(bench, error, finished, tmp_path):
    out, _ = finished
    text = Predictor.load(out / "model").label_titles[3]
    plain, explained = (
        [
            json.loads(line)["labels"]
            for line in bench("predict", out, text, "", "-k", 3, *flag).stdout.splitlines()
        ]
        for flag in ((), ("--explain",))
    )
    for row, labels in zip(plain, explained, strict=True):
        assert [{key: label[key] for key in ("uid", "title", "score")} for label in labels] == row
        for label in labels:
            assert sum(label["parts"].values()) == pytest.approx(label["logit"], abs=1e-4)
            assert len(label["tokens"]) <= 10 and len(label["neighbours"]) <= 5
    bench("freeze", out, "--out", tmp_path / "small")
    assert "freeze it again with --explain" in error("predict", tmp_path / "small", text, "--explain", code=1)
    bench("freeze", out, "--out", tmp_path / "large", "--explain")
    (line,) = bench("predict", tmp_path / "large", text, "--explain", "-k", 1).stdout.splitlines()
    assert "rounding" in json.loads(line)["labels"][0]["parts"]
