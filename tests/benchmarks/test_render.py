"""Pages hold what was measured, and nothing else."""

from __future__ import annotations

import json
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
    folder = tree / "benchmarks" / "results" / "accuracy"
    folder.mkdir(parents=True, exist_ok=True)
    for number, result in enumerate(results):
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
    assert row[-3:] == ["11 (10 to 13)", "1,234 (1,234 to 1,234)", "0.25 (0.25 to 0.25)"]
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
