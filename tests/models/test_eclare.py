from __future__ import annotations

import pytest
import torch

from xcgraph.layers import GatedSum, LabelAttention, ResidualBlock
from xcgraph.models import ECLARE
from xcgraph.testing import (
    dense_adjacency,
    dense_attention,
    dense_bag,
    dense_gale_hops,
    dense_residual,
    dense_shortlist_scores,
    effective_weight,
    tiny_label_graph,
)

GRAPH = tiny_label_graph(7, 2)
SHORTLIST = torch.tensor([[0, 6, -1], [2, 1, 4], [-1, -1, -1], [3, 3, 5], [6, -1, 0]])


def residual(v: torch.Tensor, block: ResidualBlock) -> torch.Tensor:
    return dense_residual(v, effective_weight(block.linear), block.linear.linear.bias, block.kappa)


def oracle(model: ECLARE, doc_x, label_x) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Documents, label vectors and biases, by the equations of the paper."""
    table = model.embedding.weight
    document = residual(dense_bag(doc_x.to_torch().to_dense(), table), model.document_block).clamp(min=0)
    text = dense_bag(label_x.to_torch().to_dense(), table)
    adjacency = dense_adjacency(GRAPH.edge_index, GRAPH.edge_weight, 7, 7)
    hops = dense_gale_hops(text, adjacency, model.num_hops)
    parts = [residual(hops[:, h], block) for h, block in enumerate(model.label_blocks.blocks)]
    parts = parts if model.label_text else parts[1:]
    if model.refinement:
        parts.append(model.classifier.weight)
    mixer = model.mixer
    if isinstance(mixer, LabelAttention):
        weight, _ = dense_attention(
            torch.stack(parts, dim=1),
            [effective_weight(lin) for lin in mixer.transforms],
            [lin.linear.bias for lin in mixer.transforms],
            effective_weight(mixer.score),
        )
    else:
        weight = sum(part / (1 + (-gate).exp()) for part, gate in zip(parts, mixer.gate, strict=True))
    return document, weight, None if model.classifier.bias is None else model.classifier.bias[:, 0]


@pytest.mark.parametrize("combine", ["attention", "gate"])
@pytest.mark.parametrize("num_hops", [0, 1, 2])
@pytest.mark.parametrize(("refinement", "bias"), [(True, True), (True, False), (False, True), (False, False)])
@torch.no_grad()
def test_equals_oracle(doc_x, label_x, randomize, combine, num_hops, refinement, bias):
    model = randomize(ECLARE(9, 7, 4, num_hops, refinement=refinement, bias=bias, combine=combine))
    document, weight, offset = oracle(model, doc_x, label_x)
    expected = document @ weight.t() + (0.0 if offset is None else offset)
    logit = model(doc_x, label_x, GRAPH.edge_index, GRAPH.edge_weight)
    torch.testing.assert_close(logit, expected, rtol=1e-4, atol=1e-5)
    assert expected.std() > 0.1
    shortlisted = model(doc_x, label_x, GRAPH.edge_index, GRAPH.edge_weight, SHORTLIST)
    torch.testing.assert_close(
        shortlisted, dense_shortlist_scores(document, weight, offset, SHORTLIST), rtol=1e-4, atol=1e-5
    )
    picked = logit.gather(1, SHORTLIST.clamp(min=0)).masked_fill(SHORTLIST < 0, -torch.inf)
    torch.testing.assert_close(shortlisted, picked, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("combine", ["attention", "gate"])
@pytest.mark.parametrize(("num_hops", "refinement"), [(0, True), (1, True), (2, True), (1, False), (2, False)])
@torch.no_grad()
def test_without_label_text_equals_oracle(doc_x, label_x, randomize, combine, num_hops, refinement):
    model = ECLARE(9, 7, 4, num_hops, refinement=refinement, combine=combine, label_text=False)
    model = randomize(model)
    assert model.mixer.num_components == num_hops + refinement
    document, weight, offset = oracle(model, doc_x, label_x)
    logit = model(doc_x, label_x, GRAPH.edge_index, GRAPH.edge_weight)
    torch.testing.assert_close(logit, document @ weight.t() + offset, rtol=1e-4, atol=1e-5)
    again = ECLARE(**model.config())
    again.load_state_dict(model.state_dict())
    assert model.config()["label_text"] is False
    assert torch.equal(again.eval()(doc_x, label_x, GRAPH.edge_index, GRAPH.edge_weight), logit)


@torch.no_grad()
def test_the_graph_reaches_the_score(doc_x, label_x, randomize):
    model = randomize(ECLARE(9, 7, 4))
    logit = model(doc_x, label_x, GRAPH.edge_index, GRAPH.edge_weight)
    weight = GRAPH.edge_weight.clone()
    target = int(GRAPH.edge_index[1, 4])
    weight[4] *= 3
    changed = (model(doc_x, label_x, GRAPH.edge_index, weight) != logit).any(0).nonzero()[:, 0]
    assert changed.tolist() == [target]


def test_parts():
    model = ECLARE(9, 7, 4, num_hops=2, refinement=False)
    assert isinstance(model.document_block, ResidualBlock)
    assert model.mixer.num_components == 3 and len(model.label_blocks.blocks) == 3
    assert ECLARE(9, 7, 4).mixer.num_components == 3
    assert isinstance(model.mixer, LabelAttention)  # the paper's
    assert isinstance(ECLARE(9, 7, 4, combine="gate").mixer, GatedSum)
    with pytest.raises(ValueError, match="'combine' must be 'attention' or 'gate', got 'sum'"):
        ECLARE(9, 7, 4, combine="sum")
    with pytest.raises(ValueError, match="a label needs its text, a hop over the graph or a refinement vector"):
        ECLARE(9, 7, 4, num_hops=0, refinement=False, label_text=False)
    with pytest.raises(ValueError, match="must not be negative"):
        ECLARE(9, 7, 4, num_hops=-1)
