"""How fast is the label neighbour sampler, beside PyG's NeighborLoader with torch-sparse?

    python benchmarks/sampler.py --nodes 100000 --nodes 1000000

times both loaders on random graphs, one thread, batches of 1,024 seeds: with replacement on both sides, and
without on ours (torch-sparse without replacement is biased). Sides and graphs take turns, batch by batch and in
another order each time, so that what else the machine does hits all, and none finds its graph in the cache from
the batch before. A line of JSON for each graph and list of fan-outs, kept in ``benchmarks/results/sampler``.
"""

from __future__ import annotations

import json
import platform
import statistics
import time
import warnings
from pathlib import Path
from typing import Any

import click
import torch
from scale_tables import OTHER, OURS
from store import RESULTS, check_replaced, code_state, provenance, store_options, write_text

import xcgraph
from xcgraph.typing import torch_sparse_support

SCHEMA = 1
FAN_OUTS = ([10], [10, 10])
DEGREES = (5, 25)
#: Our sides, and whether they draw with replacement.
SIDES = dict(zip(OURS, (True, False), strict=True))


@click.command()
@click.option(
    "--nodes", type=click.IntRange(min=100), multiple=True, default=[10**5, 10**6, 10**7], show_default=True
)
@click.option("--batches", type=click.IntRange(min=1), default=100, show_default=True, help="Timed a side.")
@click.option("--warm-up", type=click.IntRange(min=0), default=10, show_default=True, help="Not timed, a side.")
@click.option("--batch-size", type=click.IntRange(min=1), default=1024, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS / "sampler", metavar="DIR")
@store_options
def main(
    nodes: tuple[int, ...],
    batches: int,
    warm_up: int,
    batch_size: int,
    seed: int,
    results: Path,
    force: bool,
    note: str | None,
    built_by: str | None,
) -> None:
    """Time both samplers, and store what was measured as json."""
    if built_by:
        raise click.UsageError("--built-by: the graph is made here, and needs no command")
    if torch_sparse_support() == "none":
        raise click.ClickException("expected torch-sparse, the other side, got none: run 'make sparse' first")
    torch.set_num_threads(1)
    commit, dirty = code_state()
    # Asked before the time is spent.
    for num_nodes in nodes:
        for fan_outs in FAN_OUTS:
            check_replaced(result_path(results, num_nodes, fan_outs), dirty, force)
    graphs = {num_nodes: random_graph(num_nodes, seed) for num_nodes in sorted(set(nodes))}
    for fan_outs in FAN_OUTS:
        measured = measure(graphs, fan_outs, batches, warm_up, batch_size, seed)
        for num_nodes, graph in graphs.items():
            result: dict[str, Any] = {
                "schema": SCHEMA,
                "command": f"python benchmarks/sampler.py {' '.join(f'--nodes {n}' for n in graphs)} "
                f"--batches {batches} --warm-up {warm_up} --batch-size {batch_size} --seed {seed}",
                "nodes": num_nodes,
                "edges": graph.num_edges,
                "fan_outs": fan_outs,
                "batch_size": batch_size,
                "batches": batches,
                "warm_up": warm_up,
                "seed": seed,
                "device": "cpu",
                **compare(measured, num_nodes),
                "versions": versions(),
                **provenance({"threads": 1, "data": {"name": "random"}}, commit, dirty, note),
            }
            write_text(result_path(results, num_nodes, fan_outs), json.dumps(result, indent=1) + "\n")
            click.echo(json.dumps(result))


def result_path(folder: Path, num_nodes: int, fan_outs: list[int]) -> Path:
    """Where the result of a graph and fan-outs is kept."""
    return folder / f"nodes{num_nodes}-{'x'.join(map(str, fan_outs))}.json"


def random_graph(num_nodes: int, seed: int) -> Any:
    """A PyG graph in which each node hears 5 to 25 others (15 on average), from all over the graph.

    Edges are sorted by target, then source, and differ: the sources of a node are drawn one from each of as many
    equal parts of the graph.
    """
    from torch_geometric.data import Data

    from xcgraph.sparse import ragged_arange

    generator = torch.Generator().manual_seed(seed)
    low, high = DEGREES
    degree = torch.randint(low, high + 1, (num_nodes,), generator=generator)
    part, target = ragged_arange(torch.zeros_like(degree), degree)
    width = (num_nodes // degree)[target]
    source = torch.rand(target.numel(), dtype=torch.double, generator=generator).mul_(width).long()
    source = torch.minimum(source, width - 1) + part * width
    return Data(edge_index=torch.stack([source, target]), num_nodes=num_nodes)


def measure(
    graphs: dict[int, Any], fan_outs: list[int], batches: int, warm_up: int, batch_size: int, seed: int
) -> dict[tuple[int, str], dict[str, Any]]:
    """What :func:`summary` says of every graph and side, by number of nodes and name of the side."""
    torch.manual_seed(seed)
    iterators = {}
    for num_nodes, graph in graphs.items():
        size = (warm_up + batches) * batch_size
        seeds = torch.randint(num_nodes, (size,), generator=torch.Generator().manual_seed(seed + 1))
        for name, loader in loaders(graph, fan_outs, input_nodes=seeds, batch_size=batch_size).items():
            iterators[num_nodes, name] = iter(loader)
    seconds: dict[tuple[int, str], list[float]] = {key: [] for key in iterators}
    sizes: dict[tuple[int, str], list[tuple[int, int]]] = {key: [] for key in iterators}
    for turn in range(warm_up + batches):
        keys = list(iterators)
        for key in keys[turn % len(keys) :] + keys[: turn % len(keys)]:
            start = time.perf_counter()
            batch = next(iterators[key])
            elapsed = time.perf_counter() - start
            if turn >= warm_up:
                seconds[key].append(elapsed)
                sizes[key].append((batch.num_nodes, batch.num_edges))
    return {key: summary(seconds[key], sizes[key]) for key in iterators}


def loaders(graph: Any, fan_outs: list[int], **options: Any) -> dict[str, Any]:
    """The sides, the other one first."""
    from torch_geometric.loader import NeighborLoader

    from xcgraph.loader import LabelNeighborLoader

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyG, that pyg-lib is missing
        return {
            OTHER: NeighborLoader(graph, fan_outs, replace=True, is_sorted=True, **options),
            **{name: LabelNeighborLoader(graph, fan_outs, replace=r, **options) for name, r in SIDES.items()},
        }


def compare(measured: dict[tuple[int, str], dict[str, Any]], num_nodes: int) -> dict[str, Any]:
    """The sides of one graph; how many times as fast ours are; by what a batch grew from the smallest graph."""
    smallest = min(nodes for nodes, _ in measured)

    def median(nodes: int, name: str) -> float:
        return float(measured[nodes, name]["seconds"]["median"])

    return {
        "sides": {name: measured[num_nodes, name] for name in (OTHER, *OURS)},
        "times_as_fast": {name: round(median(num_nodes, OTHER) / median(num_nodes, name), 2) for name in OURS},
        "growth": {
            "from_nodes": smallest,
            **{name: round(median(num_nodes, name) / median(smallest, name), 3) for name in (OTHER, *OURS)},
        },
    }


def summary(seconds: list[float], sizes: list[tuple[int, int]]) -> dict[str, Any]:
    """Median and quartiles of the seconds a batch, throughput, and the mean size of a batch."""
    quartiles = statistics.quantiles(seconds, n=4) if len(seconds) > 1 else seconds * 3
    spread = dict(zip(("lower_quartile", "median", "upper_quartile"), quartiles, strict=True))
    spread |= {"lowest": min(seconds), "highest": max(seconds)}
    return {
        "seconds": {name: round(value, 6) for name, value in spread.items()},
        "batches_a_second": round(1 / spread["median"], 2),
        "nodes_a_batch": round(statistics.fmean(nodes for nodes, _ in sizes), 1),
        "edges_a_batch": round(statistics.fmean(edges for _, edges in sizes), 1),
    }


def versions() -> dict[str, str]:
    """Of what the numbers depend on."""
    import torch_geometric

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch_sparse
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torch_geometric": torch_geometric.__version__,
        "torch_sparse": torch_sparse.__version__,
        "xcgraph": xcgraph.__version__,
    }


if __name__ == "__main__":
    main()
