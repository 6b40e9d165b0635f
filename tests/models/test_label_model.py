from __future__ import annotations

import json

import pytest
import torch

from xcgraph.models import DECAF, ECLARE, LabelModel
from xcgraph.testing import tiny_label_graph

GRAPH = tiny_label_graph(7, 2)
MODELS = [DECAF, ECLARE]


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("refinement", [True, False])
@torch.no_grad()
def test_vectors_of_some_labels_are_rows_of_all(label_x, randomize, kind, refinement):
    model = randomize(kind(9, 7, 4, refinement=refinement))
    hops = model.label_hops(label_x, GRAPH.edge_index, GRAPH.edge_weight)
    assert hops.shape == (7, model.num_hops + 1, 4)
    vectors, bias = model.label_vectors(hops)
    index = torch.tensor([5, 0, 5, 2])
    some, some_bias = model.label_vectors(hops[index], index)
    torch.testing.assert_close(some, vectors[index])
    assert torch.equal(some_bias, bias[index])
    none, none_bias = model.label_vectors(hops[index[:0]], index[:0])
    assert none.shape == (0, 4) and none_bias.shape == (0,)


@pytest.mark.parametrize("kind", MODELS)
def test_precomputed_hops_and_vectors_give_the_same_as_forward(doc_x, label_x, randomize, kind):
    model = randomize(kind(9, 7, 4))
    expected = model(doc_x, label_x, GRAPH.edge_index, GRAPH.edge_weight)
    weight, bias = model.label_vectors(model.label_hops(label_x, GRAPH.edge_index, GRAPH.edge_weight))
    document = model.encode_documents(doc_x)
    assert (document >= 0).all() and document.shape == (5, 4)
    torch.testing.assert_close(model.classifier(document, weight, bias), expected)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize(("sparse_tokens", "sparse_labels"), [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize("whole", [False, True])
def test_sparse_gradients(doc_x, label_x, kind, sparse_tokens, sparse_labels, whole):
    models = [
        kind(9, 7, 4, sparse_tokens=tokens, sparse_labels=labels, dropout=0.0)
        for tokens, labels in ((False, False), (sparse_tokens, sparse_labels))
    ]
    models[1].load_state_dict(models[0].state_dict())
    index = None if whole else torch.tensor([1, 4, 6])
    for model in models:
        hops = model.label_hops(label_x, GRAPH.edge_index, GRAPH.edge_weight)
        weight, bias = model.label_vectors(hops if index is None else hops[index], index)
        (model.encode_documents(doc_x) @ weight.t() + bias).sigmoid().sum().backward()
    dense, sparse = (dict(model.named_parameters()) for model in models)
    assert sparse["embedding.weight"].grad.is_sparse == sparse_tokens
    assert sparse["classifier.weight"].grad.is_sparse == sparse_labels
    assert sparse["classifier.bias"].grad.is_sparse == sparse_labels
    for name, parameter in sparse.items():
        grad = parameter.grad.to_dense() if parameter.grad.is_sparse else parameter.grad
        torch.testing.assert_close(grad, dense[name].grad, msg=name)
    if not whole:
        touched = sparse["classifier.weight"].grad.to_dense().any(1).nonzero()[:, 0]
        assert touched.tolist() == [1, 4, 6]


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("options", [{}, {"refinement": False, "bias": False}, {"bias": False, "dropout": 0.3}])
def test_config_rebuilds(doc_x, label_x, randomize, kind, options):
    model = randomize(kind(9, 7, 4, document_dropout=0.4, sparse_labels=True, **options))
    config = json.loads(json.dumps(model.config()))
    again = kind(**config)
    assert again.config() == config
    again.load_state_dict(model.state_dict())
    arguments = (doc_x, label_x, GRAPH.edge_index, GRAPH.edge_weight)
    assert torch.equal(again.eval()(*arguments), model(*arguments))
    # In training too: it draws the same dropout.
    assert again.classifier.sparse and not again.embedding.sparse
    outputs = []
    for copy in (model, again):
        torch.manual_seed(3)
        outputs.append(copy.train()(*arguments))
    assert torch.equal(*outputs)


def test_config_of_eclare():
    assert ECLARE(9, 7, 4, num_hops=2).config()["num_hops"] == 2
    assert ECLARE(**ECLARE(9, 7, 4, num_hops=0).config()).num_hops == 0
    for combine in ("attention", "gate"):
        model = ECLARE(9, 7, 4, combine=combine)
        again = ECLARE(**model.config())
        assert type(again.mixer) is type(model.mixer) and again.config() == model.config()


@pytest.mark.parametrize("kind", MODELS)
def test_document_dropout(doc_x, kind):
    assert kind(9, 7, 4, dropout=0.3).document_dropout.p == 0.3
    model = kind(9, 7, 4, dropout=0.3, document_dropout=0.9)
    assert model.document_dropout.p == 0.9 and model.document_block.dropout == 0.3
    silent = (model.train().encode_documents(doc_x)[doc_x.row_counts() > 0] == 0).float().mean()
    assert silent > 0.75
    assert torch.equal(model.eval().encode_documents(doc_x), model.encode_documents(doc_x))


def test_combine_is_for_sub_classes(label_x):
    model = LabelModel(9, 7, 4, 0, "decaf")
    with pytest.raises(NotImplementedError):
        model.label_vectors(model.label_hops(label_x))


@pytest.mark.parametrize("kind", MODELS)
def test_gradients_reach_every_parameter(doc_x, label_x, kind):
    model = kind(9, 7, 4)
    logit = model(doc_x, label_x, GRAPH.edge_index, GRAPH.edge_weight)
    logit.sigmoid().sum().backward()
    idle = {name for name, p in model.named_parameters() if p.grad is None}
    assert not idle
