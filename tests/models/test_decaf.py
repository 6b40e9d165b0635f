from __future__ import annotations

import pytest
import torch

from xcgraph.layers import GatedCombine, GatedResidualBlock
from xcgraph.models import DECAF
from xcgraph.testing import (
    dense_bag,
    dense_gated_combine,
    dense_gated_residual,
    dense_shortlist_scores,
    effective_weight,
)

SHORTLIST = torch.tensor([[0, 6, -1], [2, 1, 4], [-1, -1, -1], [3, 3, 5], [6, -1, 0]])


def residual(v: torch.Tensor, block: GatedResidualBlock) -> torch.Tensor:
    return dense_gated_residual(
        v, effective_weight(block.linear), block.linear.linear.bias, block.alpha, block.beta
    )


def oracle(model: DECAF, doc_x, label_x) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Documents, label vectors and biases, by the equations of the paper."""
    table = model.embedding.weight
    document = residual(dense_bag(doc_x.to_torch().to_dense(), table), model.document_block).clamp(min=0)
    weight = residual(dense_bag(label_x.to_torch().to_dense(), table), model.label_blocks.blocks[0])
    if model.refinement:
        weight = dense_gated_combine(model.classifier.weight, weight, model.gate.alpha, model.gate.beta)
    return document, weight, None if model.classifier.bias is None else model.classifier.bias[:, 0]


@pytest.mark.parametrize("refinement", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@torch.no_grad()
def test_equals_oracle(doc_x, label_x, randomize, refinement, bias):
    model = randomize(DECAF(9, 7, 4, refinement=refinement, bias=bias))
    document, weight, offset = oracle(model, doc_x, label_x)
    expected = document @ weight.t() + (0.0 if offset is None else offset)
    logit = model(doc_x, label_x)
    torch.testing.assert_close(logit, expected, rtol=1e-4, atol=1e-5)
    assert expected.std() > 0.1
    shortlisted = model(doc_x, label_x, shortlist=SHORTLIST)
    torch.testing.assert_close(
        shortlisted, dense_shortlist_scores(document, weight, offset, SHORTLIST), rtol=1e-4, atol=1e-5
    )
    picked = logit.gather(1, SHORTLIST.clamp(min=0)).masked_fill(SHORTLIST < 0, -torch.inf)
    torch.testing.assert_close(shortlisted, picked, rtol=1e-5, atol=1e-6)


def test_parts():
    model = DECAF(9, 7, 4)
    assert isinstance(model.document_block, GatedResidualBlock) and isinstance(model.gate, GatedCombine)
    assert model.num_hops == 0 and len(model.label_blocks.blocks) == 1
    bare = DECAF(9, 7, 4, refinement=False, bias=False)
    assert bare.gate is None and not bare.refinement and bare.classifier.bias is None


@torch.no_grad()
def test_a_new_model_averages_text_and_refinement(label_x):
    model = DECAF(9, 7, 4).eval()
    text = dense_bag(label_x.to_torch().to_dense(), model.embedding.weight)
    vectors, bias = model.label_vectors(model.label_hops(label_x))
    # gates of one half: (v + ReLU(v)) / 2 of the text, then the mean with the refinement vector
    expected = ((text + text.clamp(min=0)) / 2 + model.classifier.weight) / 2
    torch.testing.assert_close(vectors, expected, rtol=1e-4, atol=1e-5)
    assert not bias.any()
