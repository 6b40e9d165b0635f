"""What the ablation takes away from ECLARE, or exchanges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Configuration:
    """One row of the ablation.

    Args:
        name: what it is called, in files and tables.
        what: in words.
        changes: ``key=value``, as ``--set`` takes them.
        recipe: ``"default"`` or ``"paper"``.
    """

    name: str
    what: str
    changes: tuple[str, ...] = ()
    recipe: str = "default"


DEFAULT = Configuration("default", "everything")

#: In the order they are shown; without ``paper`` unless it is asked for.
CONFIGURATIONS = {
    configuration.name: configuration
    for configuration in (
        DEFAULT,
        Configuration(
            "text-only", "label vectors of text alone", ("graph=none", "num_hops=0", "refinement=false")
        ),
        Configuration("graph-only", "of neighbours' texts alone", ("label_text=false", "refinement=false")),
        Configuration("text-and-graph", "no refinement vectors", ("refinement=false",)),
        Configuration("no-graph", "text and refinement vectors", ("graph=none", "num_hops=0")),
        Configuration("cooccurrence-graph", "neighbours: labels of the same documents", ("graph=cooccurrence",)),
        Configuration("text-graph", "neighbours: labels of similar text", ("graph=text",)),
        Configuration("attention", "weights of the parts a label, not shared", ("combine=attention",)),
        Configuration("no-game", "neighbours' scores not added", ("fuse_game=false",)),
        Configuration("instances-1", "one instance", ("instances=1",)),
        Configuration("instances-3", "three instances", ("instances=3",)),
        Configuration("no-fusion", "the network alone", ("fusion=false",)),
        Configuration("no-linear", "no linear scores in the fusion", ("fuse_linear=false",)),
        Configuration("no-centroid", "no centroid scores in the fusion", ("fuse_centroid=false",)),
        Configuration("no-text-scores", "no label text scores in the fusion", ("fuse_text=false",)),
        Configuration("no-rerank", "the best labels in the order of their fused scores", ("rerank=false",)),
        Configuration("unmasked", "filtered pairs count as wrong in training", ("mask_filtered=false",)),
        Configuration("paper", "the paper's recipe, one instance", ("instances=1",), "paper"),
    )
}


def choose(names: Sequence[str], paper: bool = False) -> list[Configuration]:
    """The configurations of names (all but ``paper`` if there are none), the default first.

    Raises:
        ValueError: if there is no configuration of a name.
    """
    for name in names:
        if name not in CONFIGURATIONS:
            raise ValueError(f"no configuration is called {name!r}; known: {', '.join(CONFIGURATIONS)}")
    wanted = set(names or CONFIGURATIONS) - (set() if names or paper else {"paper"})
    wanted |= {DEFAULT.name} | ({"paper"} if paper else set())
    return [configuration for name, configuration in CONFIGURATIONS.items() if name in wanted]
