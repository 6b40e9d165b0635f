from __future__ import annotations

import math

import pytest
import torch

from xcgraph.layers import LabelClassifier
from xcgraph.testing import dense_shortlist_scores

SHORTLIST = torch.tensor([[0, 5, -1], [2, 2, 4], [-1, -1, -1]])


@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize("max_elements", [1, 1 << 24])  # gathering, and multiplying with everything
def test_shortlist_equals_oracle(with_bias, max_elements, device):
    layer = LabelClassifier(1, 4, refinement=False, bias=False, max_elements=max_elements)
    x, weight = torch.randn(3, 4), torch.randn(6, 4)
    bias = torch.randn(6) if with_bias else None
    expected = dense_shortlist_scores(x, weight, bias, SHORTLIST)
    bias = None if bias is None else bias.to(device)
    out = layer(x.to(device), weight.to(device), bias, SHORTLIST.to(device))
    torch.testing.assert_close(out.cpu(), expected)
    assert out[2].isneginf().all() and torch.isfinite(out[1]).all()
    dense = layer(x.to(device), weight.to(device), bias)
    torch.testing.assert_close(dense[0, 5].cpu(), expected[0, 1])
    assert dense.shape == (3, 6)


@pytest.mark.parametrize("max_elements", [1, 1 << 24])
def test_gradcheck_of_shortlist_scores(max_elements):
    layer = LabelClassifier(1, 4, refinement=False, bias=False, max_elements=max_elements)
    inputs = tuple(torch.randn(s, dtype=torch.float64, requires_grad=True) for s in ((3, 4), (6, 4), (6,)))

    def run(x, weight, bias):
        return layer(x, weight, bias, SHORTLIST).masked_fill(SHORTLIST < 0, 0.0)

    assert torch.autograd.gradcheck(run, inputs)


@pytest.mark.parametrize("max_elements", [1, 1 << 24])
def test_padding_gives_no_gradient(max_elements):
    layer = LabelClassifier(6, 4, max_elements=max_elements)
    x = torch.randn(3, 4, requires_grad=True)
    layer(x, shortlist=SHORTLIST).sigmoid().sum().backward()
    assert torch.isfinite(layer.weight.grad).all() and torch.isfinite(x.grad).all()
    assert torch.equal(x.grad[2], torch.zeros(4))
    assert layer.weight.grad.any(1).tolist() == [True, False, True, False, True, True]
    assert (layer.bias.grad[:, 0] != 0).tolist() == [True, False, True, False, True, True]


def test_own_vectors_are_the_default():
    layer, x = LabelClassifier(6, 4), torch.randn(3, 4)
    with torch.no_grad():
        layer.bias.normal_()
    torch.testing.assert_close(layer(x), x @ layer.weight.t() + layer.bias[:, 0])
    expected = dense_shortlist_scores(x, layer.weight.detach(), layer.bias[:, 0].detach(), SHORTLIST)
    torch.testing.assert_close(layer(x, shortlist=SHORTLIST), expected)


@pytest.mark.parametrize("select", [False, True])
def test_sparse_gradients_train_only_the_labels_at_hand(select):
    layer, x = LabelClassifier(9, 4, sparse=True), torch.randn(3, 4)
    with torch.no_grad():
        layer.bias.normal_()
    expected = dense_shortlist_scores(x, layer.weight.detach(), layer.bias[:, 0].detach(), SHORTLIST)
    optimizer = torch.optim.SparseAdam(layer.parameters(), lr=0.1)
    before = layer.weight.detach().clone()
    if select:
        index = torch.tensor([0, 2, 4, 5])
        local = torch.tensor([[0, 3, -1], [1, 1, 2], [-1, -1, -1]])
        out = layer(x, *layer.select(index), local)
    else:
        out = layer(x, shortlist=SHORTLIST)
    torch.testing.assert_close(out, expected)
    out.sigmoid().sum().backward()
    assert layer.weight.grad.is_sparse and layer.bias.grad.is_sparse
    optimizer.step()
    changed = (layer.weight.detach() != before).any(1).nonzero()[:, 0]
    assert changed.tolist() == [0, 2, 4, 5]


def test_select_and_initialize():
    layer = LabelClassifier(6, 4)
    weight, bias = torch.randn(6, 4), torch.randn(6)
    layer.initialize(weight, bias)
    picked, picked_bias = layer.select(torch.tensor([3, 3, 0]))
    assert torch.equal(picked, weight[[3, 3, 0]]) and torch.equal(picked_bias, bias[[3, 3, 0]])
    whole, whole_bias = layer.select()
    assert torch.equal(whole, weight) and torch.equal(whole_bias, bias)
    bare = LabelClassifier(6, 4, refinement=False, bias=False)
    assert bare.select(torch.tensor([1])) == (None, None) and bare.select() == (None, None)
    assert list(bare.parameters()) == []
    with pytest.raises(ValueError, match="made without 'bias'"):
        bare.initialize(bias=bias)
    layer.reset_parameters()
    assert not layer.bias.any() and 0 < layer.weight.abs().max() <= 1 / math.sqrt(4)


def test_wrong_shapes():
    layer = LabelClassifier(6, 4, refinement=False)
    with pytest.raises(ValueError, match="without refinement vectors"):
        layer(torch.randn(3, 4))
    with pytest.raises(ValueError, match="5 dimensions, labels 4"):
        layer(torch.randn(3, 5), torch.randn(6, 4))
    with pytest.raises(ValueError, match=r"shape \[2, S\], got \[3, 3\]"):
        layer(torch.randn(2, 4), torch.randn(6, 4), None, SHORTLIST)
    with pytest.raises(ValueError, match="'bias' goes with 'weight'"):
        LabelClassifier(6, 4)(torch.randn(3, 4), bias=torch.randn(6))


@pytest.mark.parametrize("sparse", [False, True])
def test_empty(sparse):
    layer = LabelClassifier(6, 4, sparse=sparse)
    assert layer(torch.empty(0, 4)).shape == (0, 6)
    assert layer(torch.empty(0, 4), shortlist=torch.empty(0, 3, dtype=torch.long)).shape == (0, 3)
    assert layer(torch.randn(2, 4), shortlist=torch.empty(2, 0, dtype=torch.long)).shape == (2, 0)
    none = LabelClassifier(0, 4, sparse=sparse)
    assert none(torch.randn(2, 4)).shape == (2, 0)
    assert none(torch.randn(2, 4), torch.empty(0, 4), None, torch.full((2, 3), -1)).isneginf().all()


def test_compiles_with_dynamic_shapes(compiled):
    layer = LabelClassifier(40, 4, max_elements=8)  # gathers
    function = compiled(lambda x, s: layer(x, shortlist=s))
    dense = compiled(lambda x: layer(x))
    for rows, width in ((3, 2), (5, 4)):
        x, shortlist = torch.randn(rows, 4), torch.randint(-1, 40, (rows, width))
        torch.testing.assert_close(function(x, shortlist), layer(x, shortlist=shortlist))
        torch.testing.assert_close(dense(x), layer(x))


def test_repr():
    assert repr(LabelClassifier(6, 4)) == "LabelClassifier(6, 4, refinement=True, bias=True, sparse=False)"
