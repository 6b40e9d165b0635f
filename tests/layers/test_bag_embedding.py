from __future__ import annotations

import math

import pytest
import torch

from xcgraph.layers import BagEmbedding
from xcgraph.sparse import CSR
from xcgraph.testing import dense_bag
from xcgraph.typing import torch_sparse_support

TEXTS = torch.tensor([[0.0, 0.5, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])


def csr_of(dense: torch.Tensor) -> CSR:
    return CSR.from_adj(dense.to_sparse_csr())


def test_every_input_form_equals_oracle(device):
    layer = BagEmbedding(4, 3).to(device)
    expected = dense_bag(TEXTS.to(device), layer.weight.detach())
    csr = csr_of(TEXTS.to(device))
    forms = [csr, csr.to_torch(), TEXTS.to(device).to_sparse_coo(), (csr.col, csr.rowptr, csr.value)]
    if torch_sparse_support() != "none":
        from torch_sparse import SparseTensor

        forms.append(SparseTensor.from_dense(TEXTS.to(device)))
    for form in forms:
        torch.testing.assert_close(layer(form), expected)
    assert torch.equal(layer(csr)[1], torch.zeros(3, device=device))  # a text without tokens
    assert repr(layer) == "BagEmbedding(4, 3, sparse=False)"


def test_no_weights_means_ones():
    layer = BagEmbedding(4, 3)
    out = layer((torch.tensor([1, 1, 3]), torch.tensor([0, 3]), None))
    torch.testing.assert_close(out[0], 2 * layer.weight[1] + layer.weight[3])


def test_no_texts():
    layer = BagEmbedding(4, 3)
    out = layer(csr_of(TEXTS).select_rows(torch.empty(0, dtype=torch.long)))
    assert out.shape == (0, 3)
    out.sum().backward()
    assert torch.equal(layer.weight.grad, torch.zeros(4, 3))


def test_kaiming_bound_and_other_starts():
    weight = BagEmbedding(2000, 24).weight
    bound = math.sqrt(6 / 24)
    assert weight.abs().max() <= bound and weight.abs().max() > 0.99 * bound
    assert abs(weight.mean()) < 0.01
    assert torch.equal(BagEmbedding(3, 2, init=torch.nn.init.ones_).weight, torch.ones(3, 2))
    with pytest.raises(ValueError, match="'init' must be 'kaiming'"):
        BagEmbedding(3, 2, init="uniform")  # type: ignore[arg-type]


def test_gradients_reach_table_and_weights():
    layer = BagEmbedding(4, 3).double()
    csr = csr_of(TEXTS.double())
    value = csr.value.clone().requires_grad_()

    def run(v: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(layer, {"weight": w}, ((csr.col, csr.rowptr, v),))

    assert torch.autograd.gradcheck(run, (value, layer.weight.detach().clone().requires_grad_()))


def test_sparse_gradient_trains_only_the_tokens_at_hand():
    layer = BagEmbedding(4, 3, sparse=True)
    before = layer.weight.detach().clone()
    optimizer = torch.optim.SparseAdam(layer.parameters(), lr=0.1)
    layer(csr_of(TEXTS)).sum().backward()
    assert layer.weight.grad.is_sparse
    optimizer.step()
    changed = (layer.weight.detach() != before).any(1)
    assert changed.tolist() == [True, True, False, True]


def test_padding_token_counts_as_nothing():
    layer = BagEmbedding(4, 3, padding_idx=3)
    assert torch.equal(layer.weight[3], torch.zeros(3))
    torch.testing.assert_close(layer(csr_of(TEXTS))[0], 0.5 * layer.weight[1])
    layer(csr_of(TEXTS)).sum().backward()
    assert torch.equal(layer.weight.grad[3], torch.zeros(3))


def test_refuses_more_columns_than_tokens():
    with pytest.raises(ValueError, match="4 token columns, the table 3 tokens"):
        BagEmbedding(3, 2)(csr_of(TEXTS))


@pytest.mark.parametrize("as_triple", [False, True])
def test_compiles_with_dynamic_shapes(as_triple, compiled):
    layer = BagEmbedding(4, 3)
    function = compiled(layer)
    for texts in (TEXTS, TEXTS.repeat(2, 1)):
        csr = csr_of(texts)
        torch.testing.assert_close(function((csr.col, csr.rowptr, csr.value) if as_triple else csr), layer(csr))


@pytest.mark.parametrize("padding_idx", [None, 2])
def test_sparse_gradients_have_a_row_a_token(device, padding_idx):
    token, rowptr = torch.tensor([4, 2, 4, 0, 4], device=device), torch.tensor([0, 3, 3, 5], device=device)
    weight = torch.rand(5, device=device)
    grads = []
    for sparse in (False, True):
        torch.manual_seed(0)
        bag = BagEmbedding(6, 3, sparse=sparse, padding_idx=padding_idx).to(device)
        with torch.no_grad():
            bag.weight.fill_(1.0).mul_(torch.arange(1.0, 7, device=device).unsqueeze(1))  # the padding token too
        out = bag((token, rowptr, weight))
        out.square().sum().backward()
        grads.append((out, bag.weight.grad))
    assert grads[1][1].is_sparse and grads[1][1]._nnz() == (3 if padding_idx is None else 2)
    torch.testing.assert_close(grads[1][0], grads[0][0])
    torch.testing.assert_close(grads[1][1].to_dense(), grads[0][1])
