from __future__ import annotations

import pytest
import torch

from xcgraph.inference import LabelComposer
from xcgraph.models import DECAF, ECLARE
from xcgraph.sparse import CSR
from xcgraph.testing import tiny_label_graph

L, V, D = 12, 9, 5


def make_model(kind: str, **options):
    torch.manual_seed(1)
    model = DECAF(V, L, D, **options) if kind == "decaf" else ECLARE(V, L, D, **options)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return model.eval()


CASES = [
    ("decaf", {}),
    ("decaf", {"refinement": False}),
    ("eclare", {"combine": "gate"}),
    ("eclare", {"combine": "attention"}),
    ("eclare", {"combine": "gate", "num_hops": 2}),
    ("eclare", {"combine": "attention", "label_text": False}),
    ("eclare", {"combine": "gate", "refinement": False}),
    ("eclare", {"combine": "gate", "num_hops": 0, "label_text": False}),
]


def total_of(composer, hops):
    """Label vectors from their parts."""
    total = torch.zeros(L, D)
    for part, hop in enumerate(composer.hops):
        total += composer.gates(part, composer.attention) * composer.block(part, hops[:, hop])
    if composer.has_refinement:
        total += composer.gates(len(composer.hops), composer.attention) * composer.refinement
    return total


@pytest.mark.parametrize("kind, options", CASES, ids=str)
def test_parts_add_up_to_the_label_vectors(kind, options):
    model = make_model(kind, **options)
    graph = tiny_label_graph(L)
    adjacency = CSR.from_edge_index(graph.edge_index, graph.edge_weight, (L, L))
    label_x = CSR.from_coo(
        torch.arange(L).repeat_interleave(2), torch.randint(V, (2 * L,)), torch.rand(2 * L), (L, V)
    )
    with torch.no_grad():
        hops = model.label_hops(label_x, adjacency)
        expected, _ = model.label_vectors(hops)
        model.train()
        composer = LabelComposer.from_model(model, lambda: hops, adjacency)
        assert model.training
        composer = LabelComposer.from_tensors(composer.first_hop, composer.tensors())
        total = total_of(composer, hops)
        by = torch.randn(D)
        moved = composer.shifted(by)
        assert torch.allclose(total_of(moved, hops), expected + by, atol=1e-5)
        assert torch.equal(total_of(composer, hops), total)  # which is as it was
    assert torch.allclose(total, expected, atol=1e-5)
    assert composer.has_refinement is model.refinement
    assert (composer.graph is None) is (model.num_hops == 0)


def test_copy_with_other_fields():
    model = make_model("eclare")
    composer = LabelComposer.from_model(model, lambda: torch.zeros(L, 2, D), None)
    bare = composer.replace(refinement=None)
    assert bare.refinement is None and bare.has_refinement and composer.refinement is not None
    assert bare.gate is composer.gate
