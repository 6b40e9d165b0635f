"""Makes ``docs/benchmarks.md`` and the results in ``README.md`` out of stored results; no number is typed by hand.

``python benchmarks/render.py`` writes both; ``--check`` exits with code 1 if they are not what would be written;
``--bench-output FILE`` and ``--test-output FILE`` keep what ``make bench`` and ``make test`` printed, for README.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from store import ROOT, load_results, write_text
from tables import (
    NAMES,
    Group,
    Result,
    by_configuration,
    by_task,
    configuration_row,
    counterpart,
    label,
    middle,
    number,
    recipe_name,
    spread,
    table,
    unique,
)

from xcgraph.datasets import DATASETS

METRICS = ("P@1", "P@3", "P@5", "nDCG@5", "PSP@1", "PSP@3", "PSP@5", "R@100")
README_METRICS = ("P@1", "P@3", "P@5", "PSP@1", "PSP@3", "PSP@5", "R@100")
#: Blocks of README.md that hold kept output: name -> (file, first lines shown, last lines shown).
OUTPUTS = {"bench-output": ("make-bench.txt", 60, 20), "test-output": ("make-test.txt", 0, 5)}


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 if something would change.")
@click.option("--bench-output", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--test-output", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--root", type=click.Path(file_okay=False, path_type=Path), default=ROOT, metavar="DIR", hidden=True)
def main(check: bool, bench_output: Path | None, test_output: Path | None, root: Path) -> None:
    """Write docs/benchmarks.md and the marked blocks of README.md from benchmarks/results."""
    stored = root / "benchmarks" / "results"
    for name, path in (("bench-output", bench_output), ("test-output", test_output)):
        if path is not None:
            write_text(stored / OUTPUTS[name][0], plain_output(path.read_bytes().decode("utf-8", "replace")))
    stale = []
    for path, text in pages(root).items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(path)
            if not check:
                write_text(path, text)
    what = "is not what render.py writes" if check else "written"
    for path in stale:
        click.echo(f"{path.relative_to(root)}: {what}", err=check)
    if check and stale:
        sys.exit(1)


def pages(root: Path = ROOT) -> dict[Path, str]:
    """What the files should hold that are made of results."""
    stored = root / "benchmarks" / "results"
    results = load_results(stored / "accuracy")
    readme = replace_block((root / "README.md").read_text(encoding="utf-8"), "results", readme_block(results))
    for name, (file, first, last) in OUTPUTS.items():
        path = stored / file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        readme = replace_block(readme, name, output_block(text, first, last))
    return {root / "docs" / "benchmarks.md": page(results), root / "README.md": readme}


def replace_block(text: str, name: str, block: str) -> str:
    """``text`` with what stands between the markers ``name:begin`` and ``name:end`` replaced."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise click.ClickException(f"README.md: expected {begin} and {end} once each, in this order")
    head, rest = text.split(begin)
    return f"{head}{begin}\n{block.strip()}\n{end}{rest.split(end)[1]}"


def output_block(text: str, first: int, last: int) -> str:
    """Output of a command as a code block; of a long one the first and the last lines."""
    lines = text.strip("\n").splitlines()
    if not lines:
        return "Its output is kept here once it has been run (`python benchmarks/render.py --help`)."
    if len(lines) > first + last:
        lines = [*lines[:first], "[...]", *lines[len(lines) - last :]]
    return "\n".join(["```text", *lines, "```"])


def plain_output(text: str) -> str:
    """Output of a terminal as it looked in the end: no colours, of a progress bar the last state.

    Where the checkout and the home folder lie is left out.
    """
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    text = text.replace(f"{ROOT}{os.sep}", "").replace(str(ROOT), ".").replace(f"{Path.home()}{os.sep}", "~/")
    lines = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n")]
    return "\n".join(lines).strip("\n") + "\n"


# The page


def page(results: Sequence[Result]) -> str:
    """``docs/benchmarks.md``."""
    parts = [
        "# Benchmarks",
        "Written by `python benchmarks/render.py` from `benchmarks/results`, one file a run; a test fails when "
        "the two disagree. Do not edit. Only runs of this package are listed, each with its command. Numbers are "
        "percent where nothing else is said; the median over seeds, with least and most in brackets where there "
        "are several seeds. What the models are, and what a recipe is: [method.md](method.md).",
        _PROTOCOL,
    ]
    if not results:
        return "\n\n".join([*parts, "## Results", "No results are stored yet."]) + "\n"
    parts += ["## Data sets", sizes_table(results), _sizes_text(results)]
    for part in by_task(results):
        groups = by_configuration(part)
        rows = [configuration_row(group, METRICS) for group in groups]
        data = part[0]["data"]
        parts += [
            f"## {data['name']}, {NAMES[part[0]['text']]}: {number(data['labels'])} labels",
            table(["model", "recipe", "seeds", *METRICS, "training, s", "peak, MB", "ms a document"], rows),
            *differences(groups, METRICS),
            *fusion_weights(part),
            "Labels by number of training documents, the rarest tenth first; P@5 and R@5 with the labels of one "
            "tenth alone as truth (P@5 adds up to that of the table above):",
            decile_table(groups),
            "Measured by:",
            "\n".join(["```console", *(f"$ {result['command']}" for result in part), "```"]),
            "\n".join(f"- {line}" for line in conditions(part)),
        ]
    return "\n\n".join(parts) + "\n"


def readme_block(results: Sequence[Result]) -> str:
    """What README.md says of accuracy."""
    if not results:
        return "No results are stored yet; `benchmarks/accuracy.py` measures them."
    rows, lines = [], []
    for part in by_task(results):
        groups = by_configuration(part)
        task = [part[0]["data"]["name"], NAMES[part[0]["text"]]]
        rows += [[*task, *configuration_row(group, README_METRICS, brackets=False)[:-1]] for group in groups]
        lines += differences(groups, README_METRICS)
    header = ["data", "text", "model", "recipe", "seeds", *README_METRICS, "training, s", "peak, MB"]
    end = (
        "Test documents, percent; medians where there are several seeds. Protocol, spread, commands, machine and "
        "numbers by label frequency: [docs/benchmarks.md](docs/benchmarks.md)."
    )
    return "\n\n".join([table(header, rows), *lines, end])


_PROTOCOL = """\
## Protocol

- Data sets are split by a hash of what a document is grouped by (`debian`: the source package; `wordnet`: the
  first lemma), so that the split depends on neither order nor version.
- The pairs of the filter files (a document and itself, and on the test side a label whose own training document
  names this document) leave predictions and truth before anything is counted.
- Every test document counts as a row of every mean, and P@k is always divided by k.
- PSP@k is the ratio of two sums over all documents: of the inverse propensities that were hit, and of those that
  could have been. Propensities follow Jain et al. (KDD 2016) with A = 0.55, B = 1.5 (for sets of the Extreme
  Classification Repository: with the constants published for them), from label frequencies in the full training
  set. Training does not know them; PSnDCG@5 is a third of the score by which a run chooses on validation data.
- Equal scores are ranked by label id. The best 100 labels of a document are kept.
- Validation documents are carved out of the training documents so that every label keeps one; all that
  a run chooses, such as the epoch to stop at, it chooses by them. It looks at the test documents once, at the end.
- *training, s* is the time of all phases of training, validation included; reading the data and prediction are not
  in it. *peak, MB* (10^6 bytes) is the largest resident size of the process. *ms a document* is prediction of all
  test documents in batches, divided by their number."""


def sizes_table(results: Sequence[Result]) -> str:
    """Sizes of the sets that were measured on, beside those that the registry lists."""
    rows = []
    for part in by_task(results):
        size = part[0]["data"]
        listed = DATASETS.get(size["name"])
        known = (listed.num_train, listed.num_test, listed.num_labels) if listed else ()
        rows.append(
            [
                size["name"],
                NAMES[part[0]["text"]],
                *(number(size[key]) for key in ("train_documents", "test_documents", "labels", "features")),
                f"{size['train_pairs'] / max(1, size['labels']):.2f}",
                " / ".join(map(number, known)),
            ]
        )
    header = ["data", "text", "train", "test", "labels", "features", "documents a label"]
    header.append("registry: train / test / labels")
    return table(header, rows)


def _sizes_text(results: Sequence[Result]) -> str:
    lines = [
        "The last column is what `xcgraph-bench datasets` lists; for `debian` and `debian-rse` that is a build "
        "from Debian 12.15, main and contrib. They are built from the machine's own package index, so that their "
        "sizes depend on the release and on the archive areas that apt knows: where it knows `main` alone, the "
        "packages of `contrib` are missing. Reciprocal pairs leave the truth of the test documents, and a "
        "document that has no other label is no test document; builds that keep such pairs have more of them."
    ]
    indexes = unique(tuple(result["apt"]) for result in results if result.get("apt"))
    if indexes:
        lines.append("Package index of the runs below: " + "; ".join(", ".join(index) for index in indexes) + ".")
    return "\n\n".join(lines)


def decile_table(groups: Sequence[Group]) -> str:
    """P@5 and R@5 by label frequency, medians over seeds."""
    first = groups[0][0]["per_decile"]
    header = ["decile", "training documents", "test pairs"]
    header += [f"{label(group)}: {key}" for group in groups for key in ("P@5", "R@5")]
    rows = []
    for i, decile in enumerate(first):
        low, high = decile["min_frequency"], decile["max_frequency"]
        row = [str(decile["decile"]), number(low) if low == high else f"{number(low)} to {number(high)}"]
        row.append(number(decile["positives"]))
        for group in groups:
            row += [spread([r["per_decile"][i][key] for r in group], brackets=False) for key in ("P@5", "R@5")]
        rows.append(row)
    return table(header, rows)


def differences(groups: Sequence[Group], metrics: Sequence[str]) -> list[str]:
    """ECLARE minus DECAF in words, for each pair of rows that differ in the model alone."""
    lines = []
    for group in groups:
        other = next((g for g in groups if counterpart(g[0]) == counterpart(group[0]) and g is not group), None)
        if group[0]["model"] != "eclare" or other is None:
            continue
        by_seed = {r["seed"]: r for r in other}
        pairs = [(r, by_seed[r["seed"]]) for r in group if r["seed"] in by_seed]
        parts = []
        for name in metrics:
            if pairs:
                gaps = [a["metrics"][name] - b["metrics"][name] for a, b in pairs]
            else:
                gaps = [middle(group, name) - middle(other, name)]
            parts.append(f"{name} {spread(gaps, sign=True)}")
        first = group[0]
        if len(pairs) > 1:
            how = f", median and range of {len(pairs)} seeds"
        else:
            how = "" if pairs else ", medians of different seeds"
        where = f"{first['data']['name']}, {NAMES[first['text']]} ({recipe_name(first)} recipe{how})"
        lines.append(f"ECLARE minus DECAF on {where}: {', '.join(parts)}.")
    return lines


def fusion_weights(part: Sequence[Result]) -> list[str]:
    """What runs chose on their validation documents to count beside the logits of the model."""
    rows = []
    for result in part:
        weights = result["phases"].get("fusion", {}).get("weights", {})
        if weights:
            shown = ", ".join(f"{name} {value:g}" for name, value in weights.items())
            rows.append(f"- {label([result])}, seed {result['seed']}: {shown}")
    if not rows:
        return []
    return ["Weights of lexical scores and of the graph's, chosen on validation documents:", "\n".join(rows)]


def conditions(part: Iterable[Result]) -> list[str]:
    """Machine, versions and commit of runs, each once."""
    lines = []
    for result in part:
        m, v = result["machine"], result["versions"]
        memory = "" if m["memory_gb"] is None else f", {m['memory_gb']:g} GB"
        where = f"{m['cpu']}, {m['cores']} cores{memory}, threads of torch: {m['threads']}, {m['system']}"
        where += f", device {result['device']}"
        with_ = ", ".join(f"{name} {v[name]}" for name in ("python", "torch", "torch_geometric", "numpy", "scipy"))
        commit = result["commit"][:10] if result["commit"] else "unknown"
        changed = " with uncommitted changes" if result["dirty"] else ""
        lines.append(f"{where}; xcgraph {v['xcgraph']}, commit {commit}{changed}; {with_}")
    return list(unique(lines))


if __name__ == "__main__":
    main()
