from __future__ import annotations

import pytest
import torch

from xcgraph.inference import DocumentEncoder
from xcgraph.models import DECAF, ECLARE


def randomized(kind):
    torch.manual_seed(0)
    model = kind(9, 7, 5, refinement=False, dropout=0.5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    model.train()
    for _ in range(3):  # spectral norms are being followed
        model.document_block(torch.randn(2, 5))
    return model


@pytest.mark.parametrize("kind", [DECAF, ECLARE])
def test_equals_the_model(kind, doc_x):
    model = randomized(kind)
    encoder = DocumentEncoder.from_model(model)
    expected = model.eval().encode_documents(doc_x)
    out = encoder(doc_x)
    torch.testing.assert_close(out, expected, rtol=1e-4, atol=1e-5)
    assert out.shape == (7, 5) and not out.requires_grad and out.any()


@pytest.mark.parametrize("kind", [DECAF, ECLARE])
@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was(kind, training):
    model = randomized(kind).train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    DocumentEncoder.from_model(model)
    assert model.training is training and model.document_block.linear.linear.training is training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_later_training_changes_nothing_but_the_shared_table(doc_x):
    model = randomized(ECLARE)
    encoder = DocumentEncoder.from_model(model)
    expected = encoder(doc_x)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name != "embedding.weight":
                parameter.add_(1.0)
    assert torch.equal(encoder(doc_x), expected)
    assert encoder.tokens.data_ptr() == model.embedding.weight.data_ptr()


def test_tensors_make_it_again(doc_x):
    encoder = DocumentEncoder.from_model(randomized(DECAF))
    assert {name: tuple(t.shape) for name, t in encoder.tensors().items()} == {
        "tokens": (9, 5),
        "gate": (5,),
        "weight": (5, 5),
        "bias": (5,),
    }
    assert torch.equal(DocumentEncoder(**encoder.tensors())(doc_x), encoder(doc_x))
    assert encoder(doc_x.select_rows(torch.empty(0, dtype=torch.long))).shape == (0, 5)
