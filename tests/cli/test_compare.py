from __future__ import annotations

import json
import re
import shlex
import shutil

import pytest
from scipy.sparse import load_npz

from xcgraph import peers
from xcgraph.datasets import build_dataset
from xcgraph.peers import COLUMNS, PeerError

from .conftest import QUICK


@pytest.fixture(scope="module")
def compared(folder, finished, tmp_path_factory):
    """``(OUT, result)`` of a comparison of two peers and a finished run; not to be changed."""
    from .conftest import run_bench

    out = tmp_path_factory.mktemp("compare") / "out"
    return out, run_bench("compare", folder, "--runs", finished[0], "--peers", "knn,text", "--out", out)


def test_table(compared, finished):
    out, result = compared
    lines = result.stdout.splitlines()
    assert lines[0] == "tiny, text all: test documents, percent; * best measured"
    assert lines[1].split() == " ".join(COLUMNS).split()
    own, knn, text = lines[2:5]
    stored = json.loads((finished[0] / "metrics.json").read_text())
    assert own.startswith(f"eclare ({finished[0]})") and f" {stored['P@1']:.2f}" in own
    assert knn.startswith("knn") and text.startswith("text")
    assert all("*" in "".join(line.split()[column] for line in (own, knn, text)) for column in (-1, -4, -12))
    assert any(line.startswith("eclare") and "against the best peer" in line for line in lines)
    assert "threads: 1 for training and batches, 1 for a single query" in result.stdout
    assert lines[-1] == f"files in {out}"
    assert "knn: labels of the 50 nearest" in result.stderr


def test_files(compared, finished):
    out, _ = compared
    assert {path.name for path in out.iterdir()} == {"knn", "text", "comparison.json"}
    stored = json.loads((out / "comparison.json").read_text())
    assert [row["kind"] for row in stored["rows"]] == ["model", "peer", "peer"]
    assert [row["name"] for row in stored["rows"][1:]] == ["knn", "text"]
    assert stored["rows"][0]["values"]["model MB"] > 0 and stored["rows"][0]["values"]["query ms"] > 0
    own = json.loads((finished[0] / "metrics.json").read_text())
    knn = json.loads((out / "knn" / "metrics.json").read_text())
    assert knn["data"] == own["data"] and knn["per_decile"] and load_npz(out / "knn" / "predictions.npz").nnz
    # What others read of a run is there, and more.
    missing = set(own) - set(knn)
    assert missing == {"recipe", "scoring", "fitted", "phases"} and set(knn) - set(own) == {
        "query_ms",
        "model_bytes",
    }


def test_commands_give_their_row_alone(bench, compared):
    out, _ = compared
    for name in ("knn", "text"):
        command = shlex.split(json.loads((out / name / "metrics.json").read_text())["command"])
        again = bench(*command[1:], "--json")
        (row,) = json.loads(again.stdout)["rows"]
        assert row["name"] == name and f"{name}: measured before" in again.stderr


def test_eval_agrees(bench, compared, folder):
    out, _ = compared
    found = json.loads(
        bench("eval", "--data", folder, "--predictions", out / "knn" / "predictions.npz", "--json").stdout
    )
    stored = json.loads((out / "knn" / "metrics.json").read_text())
    assert found["PSP@5"] == pytest.approx(stored["PSP@5"]) and found["P@1"] == pytest.approx(stored["P@1"])


def test_rerun_and_another_seed(bench, error, folder, tmp_path):
    args = ("compare", folder, "--peers", "text", "--out", tmp_path)
    bench(*args)
    assert "holds a result of another seed" in error(*args, "--seed", 1, code=2)
    bench(*args, "--seed", 1, "--rerun")
    assert json.loads((tmp_path / "text" / "metrics.json").read_text())["seed"] == 1


def test_default_out(bench, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bench("compare", folder, "--peers", "text", "--text", "title")
    assert (tmp_path / "runs" / "compare-tiny-title" / "text" / "metrics.json").is_file()


def test_columns_are_aligned(bench, finished, folder, tmp_path):
    """Whatever the names of folders, and whatever a file lacks."""
    run = tmp_path / "数据\nset"
    shutil.copytree(finished[0], run)
    metrics = json.loads((run / "metrics.json").read_text())
    del metrics["R@100"]
    (run / "metrics.json").write_text(json.dumps({**metrics, "P@3": float("nan"), "command": "x " * 200}))
    result = bench("compare", folder, "--runs", run, "--peers", "text", "--out", tmp_path / "out")
    lines = result.stdout.splitlines()[1:4]
    name = f"eclare ({tmp_path}/数据\\nset)"
    assert lines[1].startswith(name) and lines[1].split()[-len(COLUMNS) + 1] == "-"
    own, peer = (line.replace("数据", "four")[len(name) + 2 :].replace("*", " ") for line in lines[1:])
    assert [match.end() for match in re.finditer(r"\S+", own)] == [
        match.end() for match in re.finditer(r"\S+", peer)
    ]
    at = result.stdout.splitlines().index("commands")
    assert result.stdout.splitlines()[at + 1 : at + 3] == [name, "  " + "x " * 199 + "x "]


def test_json_tells_the_same(bench, compared, folder, finished):
    out, result = compared
    again = bench("compare", folder, "--runs", finished[0], "--peers", "knn,text", "--out", out, "--json", "-q")
    stored = json.loads(again.stdout)
    assert again.stderr == "" and [row["name"] for row in stored["rows"][1:]] == ["knn", "text"]
    assert f" {stored['rows'][1]['values']['P@1']:.2f}" in result.stdout.splitlines()[3]


@pytest.mark.slow
def test_models_are_trained_once(bench, error, folder, tmp_path):
    args = [
        "compare",
        folder,
        "--models",
        "decaf",
        "--peers",
        "none",
        "--out",
        tmp_path,
        "--device",
        "cpu",
        *QUICK,
    ]
    first = json.loads(bench(*args, "--json").stdout)
    assert (first["rows"][0]["name"], first["gains"]) == ("decaf", {})
    stored = json.loads((tmp_path / "decaf" / "metrics.json").read_text())
    assert stored["threads"] == 1 and stored["settings"]["dim"] == 8
    assert shlex.split(stored["command"])[:3] == ["xcgraph-bench", "run", str(folder)]
    again = json.loads(bench(*args, "--json").stdout)
    assert again["rows"][0]["values"]["train s"] == first["rows"][0]["values"]["train s"]
    # What the child says is seen by the user, not by this test.
    assert "ended with exit code 2; its message is above" in error(*args, "--seed", 3, code=1)


def test_published_rows(bench, tmp_path):
    folder = tmp_path / "LF-AmazonTitles-131K"
    build_dataset("planted", folder, num_labels=20)
    result = bench("compare", folder, "--peers", "text", "--out", tmp_path / "out")
    lines = result.stdout.splitlines()
    first, second = (i for i, line in enumerate(lines) if line.startswith("ECLARE (published)"))
    cells = lines[first].split()[2:]
    assert cells[:6] == ["40.74", "27.54", "19.88", "33.51", "39.55", "44.70"]
    assert cells[6] == cells[8] == "-" and len(cells) == len(COLUMNS)  # neither R@100 nor memory is published
    assert "*" not in lines[first]
    assert lines[second + 1].endswith("Extreme Classification Repository, one V100 GPU")
    assert "published: other hardware" in result.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--peers", "parable"], "no peer is called 'parable'; did you mean 'parabel'?"),
        (["--peers", "none"], "nothing to compare: name --models, --runs or --peers"),
        (["--models", "bert"], "--models: no model is called 'bert'; known: eclare, decaf"),
        (["--models", "decaf", "--set", "dmi=3"], "no setting is called 'dmi'; did you mean 'dim'?"),
        (["--set", "dim=3"], "--set has no effect without --models"),
        (["--threads", "0"], "--threads"),
    ],
)
def test_mistakes(error, folder, tmp_path, args, message):
    assert message in error("compare", folder, *args, "--out", tmp_path / "out", code=2)
    assert not (tmp_path / "out").exists()


def test_wrong_runs(bench, error, finished, folder, tmp_path):
    args = ("compare", folder, "--peers", "none", "--out", tmp_path / "out")
    line = error(*args, "--runs", tmp_path, code=1)
    assert line.startswith(f"Error: {tmp_path}: expected a finished run")
    build_dataset("planted", tmp_path / "other", num_labels=30)
    line = error("compare", tmp_path / "other", *args[2:], "--runs", finished[0], code=1)
    assert "expected a run on this data" in line and "--text of that run" in line
    shutil.copytree(finished[0], tmp_path / "run")
    for path in (tmp_path / "run" / "model").glob("*.safetensors"):
        path.write_bytes(b"")
    assert "cannot be read as a model" in error(*args, "--runs", tmp_path / "run", code=1)


def test_failing_peers(error, folder, tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise PeerError("pip could not install the peers' libraries: no network")

    monkeypatch.setattr(peers.PeerEnvironment, "is_ready", lambda self: False)
    monkeypatch.setattr(peers.PeerEnvironment, "prepare", fail)
    line = error("compare", folder, "--peers", "knn,plt", "--out", tmp_path / "out", code=1)
    assert line == "Error: pip could not install the peers' libraries: no network"
    assert not (tmp_path / "out").exists()
    monkeypatch.setattr(peers, "measure_peer", fail)
    assert "no network" in error("compare", folder, "--peers", "knn", "--out", tmp_path / "out", code=1)
