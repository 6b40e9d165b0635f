"""What does training at 10^4, 10^5 and 10^6 labels take, phase by phase?

    python benchmarks/scale.py --labels 10000 --labels 100000 --labels 1000000

trains ECLARE on ``planted`` sets of N = 2 L documents, each in a process of its own: data, label graph, modules I
to IV, prediction. The code is that of a run (default recipe); what is cut is the number of documents: a training
phase makes ``--steps`` steps, shortlists are made for the documents of these steps, and ``--queries`` test
documents are predicted. All tables have their full size, that of shortlists included. With ``--epoch`` module IV
is not cut: all documents have shortlists, and it passes over all of them once. A line of JSON for each size, kept
in ``benchmarks/results/scale``.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import Any

import click
from process import in_own_process, measured
from store import RESULTS, check_replaced, code_state, provenance, store_options, write_text

SCHEMA = 1
#: Settings of the ladder: no validation, no lexical scores, one batch size for all sizes.
SETTINGS = {
    "scoring": "shortlist", "fusion": False, "validation_fraction": 0.0, "instances": 1, "epoch_steps": 10**9,
    "batch_size": 256, "dim": 64, "max_table": 10**12, "cluster_size": 32, "beam": 16,
}  # fmt: skip


@click.command()
@click.option(
    "--labels", type=click.IntRange(min=100), multiple=True, default=[10**4, 10**5, 10**6], show_default=True
)
@click.option("--steps", type=click.IntRange(min=20), default=120, show_default=True, help="Of a training phase.")
@click.option("--warm-up", type=click.IntRange(min=1), default=20, show_default=True, help="Of them, not timed.")
@click.option("--epoch", is_flag=True, help="A whole epoch of module IV, in place of --steps.")
@click.option("--queries", type=click.IntRange(min=1), default=4096, show_default=True)
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change a setting; may be repeated.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS / "scale", metavar="DIR")
@click.option("--in-process", is_flag=True, hidden=True)
@store_options
def main(
    labels: tuple[int, ...],
    steps: int,
    warm_up: int,
    epoch: bool,
    queries: int,
    changes: tuple[str, ...],
    seed: int,
    results: Path,
    in_process: bool,
    force: bool,
    note: str | None,
    built_by: str | None,
) -> None:
    """Train on sets of growing size, and store what was measured as json."""
    if built_by:
        raise click.UsageError("--built-by: the data are made here, and need no command")
    if warm_up >= steps:
        raise click.UsageError(f"--warm-up {warm_up}: expected fewer than the {steps} steps")
    if in_process:
        click.echo(json.dumps(run(labels[0], steps, epoch, warm_up, queries, changes, seed)))
        return
    commit, dirty = code_state()
    name = "-".join(["labels{}", *(["epoch"] if epoch else []), *changes]).replace("/", "_")
    for size in labels:
        check_replaced(results / f"{name.format(size)}.json", dirty, force)
    smallest: float | None = None
    for size in labels:
        options: list[Any] = [*(["--epoch"] if epoch else []), "--steps", steps]
        options += ["--warm-up", warm_up, "--queries", queries, "--seed", seed]
        options += [word for change in changes for word in ("--set", change)]
        found = in_own_process(__file__, ["--labels", str(size), *map(str, options)], f"{size} labels")
        median = found["phases"]["ranker"]["step"]["median"]
        smallest = median if smallest is None else smallest
        result = {
            "schema": SCHEMA,
            "command": f"python benchmarks/scale.py --labels {size} {' '.join(map(str, options))}",
            "seed": seed,
            "device": "cpu",
            "step_growth": {"from_labels": labels[0], "times": round(median / smallest, 3)},
            **found,
            **provenance({"threads": found["threads"], "data": {"name": "planted"}}, commit, dirty, note),
        }
        write_text(results / f"{name.format(size)}.json", json.dumps(result, indent=1) + "\n")
        click.echo(json.dumps(result))


def run(
    num_labels: int, steps: int, epoch: bool, warm_up: int, queries: int, changes: tuple[str, ...], seed: int
) -> dict[str, Any]:
    """Measures one size in this process."""
    import torch

    from xcgraph.datasets.planted import planted_matrices
    from xcgraph.sparse import CSR
    from xcgraph.training import Pipeline, make_settings
    from xcgraph.training.preflight import ProblemSize, Rates, RunPlan
    from xcgraph.training.run import _versions

    phases: dict[str, dict[str, Any]] = {"data": {}}
    with measured(phases["data"]):
        data = planted_matrices(num_labels, 2 * num_labels, seed=seed)
    settings = make_settings("eclare", "default", [*(f"{k}={v}" for k, v in SETTINGS.items()), *changes])
    steps_of_an_epoch = -(-data.train_x.shape[0] // settings.batch_size)
    if epoch and steps_of_an_epoch < warm_up + 3:
        raise click.UsageError(f"--epoch: {steps_of_an_epoch} steps are too few for --warm-up {warm_up}")
    pipeline = Pipeline(data, "eclare", "default", settings, seed)
    with measured(phases.setdefault("before training", {})):
        trainer = bounded_trainer(pipeline, phases, steps, epoch, warm_up)
    ranker = trainer.fit()
    test_x = CSR.from_scipy(data.test_x[:queries])
    phases["predict"] = {"documents": test_x.shape[0]}
    with measured(phases["predict"]):
        ranker.rank(test_x, 100)
    size = ProblemSize.from_data(data)
    plan = RunPlan(size, pipeline.settings, "eclare", "default")
    predicted = {name: round(value / 1e6, 1) for name, value in plan.memory().items()}
    rates = Rates.measured(dim=pipeline.settings.dim)
    for name, width, near in (
        ("surrogate", plan.clusters, 0),
        ("shortlister", plan.clusters, 0),
        ("ranker", size.labels, pipeline.settings.hard_negatives),
    ):
        phases[name]["step"]["predicted"] = plan.step_seconds(rates, width, near)
    peak = max(phase[key] for phase in phases.values() for key in ("peak_mb", "between_mb"))
    return {
        "labels": num_labels,
        "documents": data.train_x.shape[0],
        "pairs": int(data.train_y.nnz),
        "tokens": data.num_features,
        "settings": pipeline.settings.as_dict(),
        "steps": phases["ranker"]["steps"],
        "warm_up": warm_up,
        "steps_of_an_epoch": steps_of_an_epoch,
        "phases": phases,
        "peak_mb": peak,
        "predicted_mb": predicted,
        "predicted_over_measured": round(max(predicted.values()) / peak, 3),
        "threads": torch.get_num_threads(),
        "versions": _versions(),
    }


def bounded_trainer(
    pipeline: Any, phases: dict[str, dict[str, Any]], steps: int, epoch: bool, warm_up: int
) -> Any:
    """The first instance of a run, measured, and with the documents of ``steps`` in each phase.

    With ``epoch``, module IV has all documents.
    """
    import numpy as np
    import torch

    from xcgraph.training.callbacks import Callback
    from xcgraph.training.instance import SHORTLIST_WIDTH, InstanceTrainer, TrainingSplit
    from xcgraph.training.training_shortlists import training_shortlists

    num_documents = pipeline.data.train_x.shape[0]
    generator = torch.Generator().manual_seed(pipeline.seed)
    some = torch.randperm(num_documents, generator=generator)
    some = some[: steps * pipeline.settings.batch_size].sort().values

    class Counted:
        """Notes how many labels a step scores."""

        def __init__(self, candidates: Any, counts: list[int]) -> None:
            self.candidates, self.counts = candidates, counts

        def __call__(self, rows: Any, y: Any, generator: Any) -> Any:
            found = self.candidates(rows, y, generator)
            self.counts.append(y.shape[1] if found.labels is None else found.labels.numel())
            return found

    class Bounded(InstanceTrainer):
        def label_graph(self, *args: Any) -> Any:
            with measured(phases.setdefault("graph", {})):
                return super().label_graph(*args)

        def cluster(self, centroid: Any, name: str) -> Any:
            with measured(phases.setdefault(f"cluster {name}", {"dim": centroid.size(1)})):
                return super().cluster(centroid, name)

        def shortlists(self, beam_search: Any, graph: Any) -> Any:
            with measured(
                phases.setdefault("shortlists", {"documents": num_documents if epoch else some.numel()})
            ):
                if epoch:
                    return super().shortlists(beam_search, graph)
                table = torch.full((num_documents, SHORTLIST_WIDTH), -1, dtype=torch.int32)
                found = training_shortlists(beam_search, self.split.x.select_rows(some), SHORTLIST_WIDTH)
                table[some, : found.size(1)] = found
            return table

        def train(
            self, name: str, model: Any, y: Any, hops: Any, candidates: Any, *args: Any, **kwargs: Any
        ) -> None:
            whole, shortlist = self.split, getattr(candidates, "shortlist", None)
            stamps: list[float] = []
            counts: list[int] = []
            if not (epoch and name == "ranker"):
                self.split = TrainingSplit(whole.x.select_rows(some), whole.y.select_rows(some))
                y = y.select_rows(some)
                if shortlist is not None:
                    candidates.shortlist = shortlist[some]
            self.on_step = lambda done, loss: stamps.append(time.perf_counter())
            kwargs["stop_after"] = 1
            record = phases.setdefault(name, {})
            with measured(record):
                super().train(name, model, y, hops, Counted(candidates, counts), *args, **kwargs)
            record["steps"] = len(stamps)
            seconds = np.diff(stamps)[warm_up - 1 :]
            low, middle, high = statistics.quantiles(seconds.tolist(), n=4)
            record["step"] = {
                "median": middle,
                "lower_quartile": low,
                "upper_quartile": high,
                "steps": len(seconds),
                "labels": int(statistics.median(counts)),
            }
            self.split = whole

        def vectors(self, model: Any, hops: Any) -> Any:
            with measured(phases.setdefault(f"vectors of {model.num_labels}", {})):
                return super().vectors(model, hops)

    class Clock(Callback):
        def on_step(self, done: int, loss: Any) -> None:
            trainer.on_step(done, loss)

    pipeline.callbacks = [Clock()]
    trainer = Bounded(pipeline, 0, np.arange(num_documents), None)
    return trainer


if __name__ == "__main__":
    main()
