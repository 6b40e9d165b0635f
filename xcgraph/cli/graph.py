"""``xcgraph-bench graph``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .console import Console
from .errors import usage_errors
from .loading import load
from .options import data_argument, flag, json_option, pass_console, quiet_option, text_option
from .output import echo_json, table

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from xcgraph.graph import LabelGraphBuilder

_OPTIONS = {
    "walk": ("restart", "length", "k", "head_threshold", "method", "seed"),
    "cooccurrence": ("k", "head_threshold"),
    "text": ("k", "method"),
    "blend": ("restart", "length", "k", "head_threshold", "seed"),
}
_SUFFIXES = (".safetensors", ".npz")


@click.command("graph", short_help="Build a label graph, print its statistics.")
@data_argument()
@click.option(
    "--builder",
    type=click.Choice(list(_OPTIONS)),
    default="walk",
    show_default=True,
    help="Restart walks over documents, co-occurrence counts, nearest label texts, or walk and text blended.",
)
@click.option(
    "--restart", type=float, help="walk, blend: probability of going back before a step.  [default: 0.8]"
)
@click.option("--length", type=click.IntRange(min=1), help="walk, blend: steps a label.  [default: 400]")
@click.option("-k", "k", type=click.IntRange(min=1), help="Neighbours kept a label.  [default: 10]")
@click.option(
    "--head-threshold",
    type=float,
    help="walk, blend, cooccurrence: labels of more training documents take no part.  [default: 500; "
    "cooccurrence: no limit]",
)
@click.option(
    "--method",
    type=click.Choice(["walk", "exact", "approximate", "auto"]),
    help="walk: sampled walks, their exact expectation, or (auto) what should be faster; text: exact, approximate "
    "or (auto) by cost.",
)
@click.option("--seed", type=click.IntRange(min=0), help="walk, blend: of all that is random.  [default: 0]")
@text_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Keep the graph: edge_index and edge_weight (.safetensors), or a scipy CSR matrix whose row l holds the "
    "neighbours of label l (.npz).",
)
@quiet_option
@json_option
@pass_console
def command(
    console: Console, data: str, builder: str, text: str, out: Path | None, as_json: bool, **options: Any
) -> None:
    """Build a label graph from the training documents of DATA, and print its statistics."""
    if out is not None and out.suffix not in _SUFFIXES:
        raise click.UsageError(f"--out {out}: expected a name that ends in {' or '.join(_SUFFIXES)}")
    given = {key: value for key, value in options.items() if value is not None}
    for key in given:
        if key not in _OPTIONS[builder]:
            known = ", ".join(map(flag, _OPTIONS[builder]))
            raise click.UsageError(f"{flag(key)} has no effect with --builder {builder}, which has {known}")
    with usage_errors():
        build = _builder(builder, given)
    dataset = load(data, text, console)
    from xcgraph.graph import graph_statistics

    start = time.perf_counter()
    with usage_errors():
        graph = build(dataset)
    seconds = time.perf_counter() - start
    if out is not None:
        _save(graph, out, repr(build))
        console.say(f"graph in {out}")
    statistics = graph_statistics(graph, dataset.train_y, dataset.label_x)
    result = {"data": dataset.name, "builder": repr(build), "seconds": seconds, **statistics}
    if as_json:
        echo_json(result)
        return
    click.echo(f"{result.pop('builder')} on {result.pop('data')}")
    click.echo(table([[name.replace("_", " "), value] for name, value in result.items()], digits=3))


def _builder(name: str, options: dict[str, Any]) -> LabelGraphBuilder:
    from xcgraph.graph import BlendGraph, CooccurrenceGraph, RandomWalkGraph, TextKNNGraph

    if name == "walk":
        return RandomWalkGraph(**options)
    if name == "cooccurrence":
        return CooccurrenceGraph(**options)
    if name == "text":
        return TextKNNGraph(**options)
    k = options.get("k", 10)
    return BlendGraph([RandomWalkGraph(**options), TextKNNGraph(k)], k=k)


def _save(graph: Data, out: Path, builder: str) -> None:
    edge_index, weight = graph.edge_index, graph.edge_weight
    assert edge_index is not None and graph.num_nodes is not None
    from xcgraph.data.atomic import atomic_file

    with atomic_file(out) as temporary:
        if out.suffix == ".npz":
            from scipy.sparse import coo_matrix, save_npz

            source, target = edge_index.numpy()
            shape = (graph.num_nodes, graph.num_nodes)
            save_npz(temporary, coo_matrix((weight.numpy(), (target, source)), shape=shape).tocsr())
        else:
            from safetensors.torch import save_file

            tensors = {"edge_index": edge_index.contiguous(), "edge_weight": weight.contiguous()}
            save_file(tensors, temporary, metadata={"num_nodes": str(graph.num_nodes), "builder": builder})
