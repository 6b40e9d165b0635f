"""``docs/benchmarks.md`` out of stored results."""

from __future__ import annotations

from collections.abc import Sequence

from ablation_table import ablation_sections
from against import gains_table
from conditions import conditions, console, notes, peer_conditions
from latency_table import latency_sections
from new_labels_table import new_labels_sections
from plots import DECILE_PEERS, plot_names
from scale_tables import scale_sections
from tables import (
    COSTS,
    NAMES,
    Group,
    Result,
    Task,
    by_configuration,
    by_task,
    counterpart,
    label,
    method_row,
    middle,
    number,
    recipe_name,
    spread,
    table,
    unique,
)

from xcgraph.datasets import DATASETS

METRICS = ("P@1", "P@3", "P@5", "PSP@1", "PSP@3", "PSP@5", "R@100")


def page(
    results: Sequence[Result],
    peers: Sequence[Result] = (),
    ablation: Sequence[Result] = (),
    gaps: Sequence[Result] = (),
    latency: Sequence[Result] = (),
    new_labels: Sequence[Result] = (),
    at_scale: Sequence[Sequence[Result]] = (),
) -> str:
    """``docs/benchmarks.md``.

    Args:
        results: of models of this package.
        peers: of other methods.
        ablation: of models without one of their parts.
        gaps: how far those are from the whole.
        latency: of single queries.
        new_labels: of labels added without training.
        at_scale: of sampling, of building graphs and of training on growing sets, see :func:`scale_sections`.
    """
    parts = [
        "# Benchmarks",
        "Written by `python benchmarks/render.py` from `benchmarks/results`, one file a run; a test fails when "
        "the two disagree. Do not edit. Every number was measured here, each with its command. Numbers are "
        "percent where nothing else is said; the median over seeds, with least and most in brackets where there "
        "are several seeds. What the models are, and what a recipe is: [method.md](method.md); what the other "
        "methods are: [cli.md](cli.md#compare).",
        _PROTOCOL,
    ]
    tasks = by_task(results, peers)
    if tasks:
        parts += ["## Data sets", sizes_table(tasks), _sizes_text([*results, *peers])]
    elif not any([ablation, latency, new_labels, *at_scale]):
        return "\n\n".join([*parts, "## Results", "No results are stored yet."]) + "\n"
    for task in tasks:
        parts += _section(task)
    return (
        "\n\n".join(
            [
                *parts,
                *ablation_sections(ablation, gaps),
                *latency_sections(latency),
                *new_labels_sections(new_labels),
                *scale_sections(*at_scale),
            ]
        )
        + "\n"
    )


def _section(task: Task) -> list[str]:
    groups = by_configuration(task.results)
    drawn = [[peer] for peer in task.peers if peer["model"] in DECILE_PEERS]
    rows = [method_row(group, METRICS) for group in [*groups, *([peer] for peer in task.peers)]]
    parts = [
        f"## {task.title}: {number(task.first['data']['labels'])} labels",
        table(["method", "recipe", "seeds", *METRICS, *COSTS], rows),
        *notes(task),
        *gains_table(task),
        *differences(groups, METRICS),
        *fusion_weights(task.results),
    ]
    parts += [f"![{what}](images/{name})" for name, what in plot_names(task).items()]
    if groups or drawn:
        parts += [
            "Labels by number of training documents, the rarest tenth first; P@5 and R@5 with the labels of one "
            "tenth alone as truth (P@5 adds up to that of the table above):",
            decile_table([*groups, *drawn]),
        ]
    return [
        *parts,
        "Measured by:",
        console(commands(task)),
        "\n".join(f"- {line}" for line in [*conditions(task.results), *peer_conditions(task.peers)]),
    ]


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
- Validation documents are carved out of the training documents as test documents are: whatever their labels,
  without mirrored pairs, near-duplicates together. All that a run chooses, such as the epoch to stop at, it
  chooses by them. It looks at the test documents once, at the end.
- Other methods get the same features, labels and filter pairs, and the defaults of their libraries.
- *training, s* is the time of all phases of training, validation included; reading the data and prediction are not
  in it. *peak, MB* (10^6 bytes) is the largest resident size of the process. *model, MB* is what is kept on disk,
  of this package's models with vectoriser and label names. *one query, ms* is the median time from the features of
  one document to its best 5 labels, by one thread; *batch, ms* is prediction of all test documents in batches,
  divided by their number. A blank stands for what was not measured."""


def sizes_table(tasks: Sequence[Task]) -> str:
    """Sizes of the sets that were measured on, beside those that the registry lists."""
    rows = []
    for task in tasks:
        size = task.first["data"]
        listed = DATASETS.get(size["name"])
        known = (listed.num_train, listed.num_test, listed.num_labels) if listed else ()
        rows.append(
            [
                size["name"],
                NAMES[task.first["text"]],
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


def commands(task: Task) -> list[str]:
    """What measured the rows; peers of equal commands in one."""
    lines = [result["command"] for result in task.results]
    joined: dict[str, list[str]] = {}
    for peer in task.peers:
        command, _, name = peer["command"].rpartition(" --peers ")
        joined.setdefault(command, []).append(name)
    return lines + [f"{command} --peers {','.join(names)}" for command, names in joined.items()]
