"""Pages hold what was measured, and nothing else."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).resolve().parents[2]
EMPTY = "\n".join(
    f"<!-- {name}:{end} -->" for name in ("bench-output", "test-output", "results") for end in ("begin", "end")
)


@pytest.fixture
def render():
    import render

    return render


@pytest.fixture
def tree(tmp_path):
    """A tree with a README and no results."""
    (tmp_path / "README.md").write_text(f"before\n{EMPTY}\nafter\n")
    return tmp_path


def store(tree, render, *results):
    for number, result in enumerate(results):
        folder = tree / "benchmarks" / "results" / ("accuracy" if "recipe" in result else "compare")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.json").write_text(json.dumps(result))


def run(render, *args, code=0):
    result = CliRunner().invoke(render.main, [str(arg) for arg in args])
    assert result.exit_code == code, result.output
    return result


def cells(page, start):
    """The first table row of a page that starts so, as a list of cells."""
    line = next(line for line in page.splitlines() if line.startswith(start))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_committed_pages_are_what_the_results_give(render):
    for path, text in render.pages(ROOT).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run 'python benchmarks/render.py'"
        for image in re.findall(r"\]\((images/[^)]*)\)", text):
            assert (path.parent / image).is_file(), f"{image}: run 'python benchmarks/render.py'"


def test_no_results(tree, render):
    run(render, "--root", tree)
    assert "No results are stored yet." in (tree / "docs" / "benchmarks.md").read_text()
    readme = (tree / "README.md").read_text()
    assert "No results are stored yet" in readme
    assert readme.startswith("before\n") and readme.endswith("after\n")


def test_check_notices_a_number_typed_by_hand(tree, render, make_result):
    store(tree, render, make_result())
    run(render, "--root", tree)
    run(render, "--root", tree, "--check")
    page = tree / "docs" / "benchmarks.md"
    page.write_text(page.read_text().replace("40.00", "41.00"))
    assert "docs/benchmarks.md" in run(render, "--root", tree, "--check", code=1).output
    assert "41.00" in page.read_text()


def test_rows_hold_medians_and_spread_over_seeds(tree, render, make_result):
    store(tree, render, *(make_result(seed=seed, shift=shift) for seed, shift in enumerate((0.0, 3.0, 1.0))))
    run(render, "--root", tree)
    row = cells((tree / "docs" / "benchmarks.md").read_text(), "| ECLARE")
    assert row[:4] == ["ECLARE", "default", "0, 1, 2", "41.00 (40.00 to 43.00)"]
    assert row[-5:] == ["11.0 (10.0 to 13.0)", "1,234 (1,234 to 1,234)", "", "", "0.25 (0.25 to 0.25)"]
    assert cells((tree / "README.md").read_text(), "| tiny")[4:6] == ["0, 1, 2", "41.00"]


@pytest.mark.parametrize("shift, expected", [(-1.5, "P@1 +1.50"), (0.25, "P@1 -0.25"), (0.0, "P@1 +0.00")])
def test_difference_is_stated_whichever_way_it_falls(tree, render, make_result, shift, expected):
    store(tree, render, make_result(), make_result(model="decaf", shift=shift))
    run(render, "--root", tree)
    for page in ("README.md", "docs/benchmarks.md"):
        assert f"ECLARE minus DECAF on tiny, titles (default recipe): {expected}," in (tree / page).read_text()


def test_difference_is_that_of_equal_seeds(tree, render, make_result):
    eclare = [make_result(seed=seed, shift=float(seed)) for seed in (0, 1, 2)]
    decaf = [make_result(model="decaf", seed=seed, shift=-float(seed)) for seed in (1, 2)]
    store(tree, render, *eclare, *decaf)
    run(render, "--root", tree)
    assert "2 seeds): P@1 +3.00 (+2.00 to +4.00)," in (tree / "docs" / "benchmarks.md").read_text()


def test_only_rows_of_equal_recipe_settings_and_data_are_compared(render, make_result):
    other = make_result(model="decaf")
    other["data"] = {**other["data"], "train_documents": 1501}
    results = [
        make_result(),
        make_result(model="decaf", recipe="paper"),
        make_result(model="decaf", dim="8"),
        other,
    ]
    assert "minus" not in render.page(results)
    assert "minus" in render.page([*results, make_result(model="decaf")])
    assert len(render.by_task(results)) == 2


def test_page_names_commands_commit_deciles_and_fusion(render, make_result):
    result = make_result()
    result |= {"dirty": True, "apt": ["Debian 12.15 main"]}
    result["phases"]["fusion"] = {"weights": {"centroid": 8.0, "game": 0.05}}
    page = render.page([result])
    assert f"$ {result['command']}\n" in page
    assert "commit 0123456789 with uncommitted changes" in page
    assert cells(page, "| 2 |") == ["2", "1 to 1,200", "7", "2.00", "30.00"]
    assert "- ECLARE, seed 0: centroid 8, game 0.05" in page
    assert "Debian 12.15 main." in page
    assert cells(page, "| tiny") == ["tiny", "titles", "1,500", "400", "10", "90", "2.50", ""]
    known = render.page([make_result("debian")])
    assert cells(known, "| debian")[-1] == "25,171 / 7,759 / 22,439"


def test_peers_stand_below_models(render, make_result, make_peer):
    models = [{**make_result(shift=1.0), "model_bytes": 5_000_000, "query_ms": {"p50": 0.5}}]
    page = render.page(models, [make_peer("knn", shift=-1.0), make_peer("parabel", note="other jobs ran beside")])
    assert cells(page, "| ECLARE")[-4:] == ["1,234", "5.0", "0.50", "0.25"]
    assert cells(page, "| parabel") == [
        "parabel", "", "0", *["40.00"] * 7, "10.0", "1,234", "2.5", "0.12", "0.25",
    ]  # fmt: skip
    assert page.index("| ECLARE") < page.index("| parabel") < page.index("| knn")
    assert "Note (parabel): other jobs ran beside." in page
    assert "--threads 1 --peers parabel,knn\n" in page
    assert "parabel, knn: python 3.11.7, omikuji 0.5.2" in page
    assert cells(page, "| decile")[3:] == ["ECLARE: P@5", "ECLARE: R@5", "parabel: P@5", "parabel: R@5"]
    assert "](images/tiny-title-deciles.png)" in page and "](images/tiny-title-time.png)" in page


def test_gains_over_the_best_peer_and_over_the_mixture(render, make_result, make_peer):
    peers = [make_peer("parabel", shift=-20.0), make_peer("knn", shift=-24.0), make_peer("mix", shift=10.0)]
    page = render.page([make_result(seed=seed, shift=float(seed)) for seed in (0, 1, 2)], peers)
    lines = [line for line in page.splitlines() if line.startswith("| ECLARE | best of 2 peers")]
    assert lines == ["| ECLARE | best of 2 peers |" + " +105.0 (parabel) |" * 6]  # the median is 41
    assert cells(page, "| ECLARE | mix")[2:] == ["-18.0"] * 6


def test_readme_has_the_best_of_the_peers_in_one_row(tree, render, make_result, make_peer):
    other = make_peer("knn", "other")
    best = make_peer("knn", shift=-5.0)
    best["metrics"]["PSP@5"] = 77.0
    store(tree, render, make_result(), make_peer("parabel"), best, make_peer("mix", shift=1.0), other)
    run(render, "--root", tree)
    readme = (tree / "README.md").read_text()
    rows = [line for line in readme.splitlines() if line.startswith("| tiny")]
    assert [row.split(" | ")[2] for row in rows] == ["ECLARE", "best of 2 peers", "mix"]
    assert cells(readme, "| tiny | titles | best")[5:] == [*["40.00"] * 5, "77.00", "40.00", "", "", ""]
    assert "| other" not in readme  # none of our models there


def test_sets_with_peers_only(tree, render, make_peer):
    store(tree, render, make_peer("parabel"), make_peer("mix"))
    run(render, "--root", tree)
    page = (tree / "docs" / "benchmarks.md").read_text()
    assert "## tiny, titles: 10 labels" in page and "minus" not in page and "| model | over" not in page
    assert "No results are stored yet" in (tree / "README.md").read_text()


def test_plots_are_the_same_bytes_and_missed_when_gone(tree, render, make_result, make_peer):
    store(tree, render, make_result(), make_peer("parabel"), make_peer("knn"))
    run(render, "--root", tree)
    images = {path: path.read_bytes() for path in (tree / "docs" / "images").iterdir()}
    assert sorted(path.name for path in images) == ["tiny-title-deciles.png", "tiny-title-time.png"]
    for path, content in images.items():
        assert content.startswith(b"\x89PNG")
        path.unlink()
        assert path.name in run(render, "--root", tree, "--check", code=1).output
        run(render, "--root", tree)
        assert path.read_bytes() == content
    assert run(render, "--root", tree).output == ""


def test_builds_of_one_name_have_plots_of_their_own(make_result, make_peer):
    import plots
    import tables

    other = make_peer("parabel")
    other["data"] = {**other["data"], "train_documents": 1501}
    tasks = tables.by_task([make_result()], [make_peer("parabel"), other])
    assert [task.name for task in tasks] == ["tiny-title", "tiny-title-2"]
    assert [list(plots.plot_names(task)) for task in tasks][1][0] == "tiny-title-2-deciles.png"


def test_every_peer_has_a_style():
    import plots

    from xcgraph.peers import PEERS

    assert set(plots.STYLES) | set(plots.UNTRAINED) == {"eclare", "decaf", *PEERS}
    assert len({tuple(style) for style in plots.STYLES.values()}) == len(plots.STYLES)


def test_ablation_states_spread_and_intervals(render, make_result):
    results = [
        {
            **make_result(seed=seed, shift=float(seed), dim="8"),
            "configuration": "default",
            "note": "other jobs ran",
        }
        for seed in (0, 2)
    ]
    results += [{**make_result(dim="8", graph="none", num_hops="0"), "configuration": "no-graph"}]
    results[-1]["command"] = "make it && xcgraph-bench run tiny"
    gap = {name: {"difference": -0.5, "low": -1.25, "high": 0.25} for name in ("P@1", "P@5", "PSP@1")}
    gap["PSP@5"] = {"difference": -2.0, "low": -3.0, "high": -1.0}
    gaps = [{"configuration": "no-graph", "text": "title", "data": results[0]["data"], "seeds": [0]}]
    gaps[0]["difference"] = gap
    page = render.page([], [], results, gaps)
    assert "## Ablation: ECLARE on tiny, titles" in page
    assert cells(page, "| `default`")[3:5] == ["0, 2", "41.00 ± 1.41"]
    row = cells(page, "| `no-graph` | text and")
    assert row[2:5] == ["`graph=none` `num_hops=0`", "0", "40.00"]
    assert cells(page, "| `no-graph` | -0.50")[1:] == [
        *["-0.50 (-1.25 to +0.25)"] * 3,
        "**-2.00** (-3.00 to -1.00)",
    ]
    assert "$ make it\n$ python benchmarks/ablation.py tiny --text title --set dim=8 --seeds 0,2 --configs" in page
    assert "Note: other jobs ran." in page


def test_kept_output_goes_into_its_block(tree, render):
    seen = "make: hello\n\x1b[32mepoch 1\x1b[0m\repoch 2\r\nP@1 <40>   \n\n"
    (tree / "out.txt").write_bytes(seen.encode())
    run(render, "--root", tree, "--bench-output", tree / "out.txt")
    readme = (tree / "README.md").read_text()
    assert "begin -->\n```text\nmake: hello\nepoch 2\nP@1 <40>\n```\n<!-- bench-output:end" in readme
    run(render, "--root", tree)
    assert (tree / "README.md").read_text() == readme


def test_kept_output_does_not_say_where_it_was_made(render):
    seen = f"in {Path.home()}/.cache/x\nfiles in {ROOT}/runs/bench\nroot: {ROOT}\n"
    assert render.plain_output(seen) == "in ~/.cache/x\nfiles in runs/bench\nroot: .\n"


def test_long_output_is_cut(render):
    block = render.output_block("\n".join(map(str, range(100))), 2, 3).splitlines()
    assert block == ["```text", "0", "1", "[...]", "97", "98", "99", "```"]
    assert "[...]" not in render.output_block("0\n1\n2\n3\n4\n", 2, 3)


def test_missing_marker_is_an_error_that_changes_nothing(tree, render):
    (tree / "README.md").write_text("no markers\n")
    assert "results:begin" in run(render, "--root", tree, code=1).output
    assert not (tree / "docs").exists()


def test_command_runs_by_itself(tree):
    import subprocess
    import sys

    shutil.copy(ROOT / "README.md", tree / "README.md")
    command = [sys.executable, str(ROOT / "benchmarks" / "render.py"), "--root", str(tree)]
    subprocess.run(command, check=True, cwd=tree, timeout=120)
    assert (tree / "docs" / "benchmarks.md").is_file()
