"""Models whose documents are vectors, from the first step of training to a ranking."""

from __future__ import annotations

import pytest
import torch

from xcgraph.inference import DocumentEncoder, EnsembleRanker, LabelRanker, freeze, save_model
from xcgraph.metrics import Evaluator
from xcgraph.models import DECAF, ECLARE, DocumentTower
from xcgraph.sparse import CSR
from xcgraph.testing import tiny_dataset, tiny_label_graph
from xcgraph.training.candidates import SampledLabels
from xcgraph.training.initialization import mean_of_documents
from xcgraph.training.label_hops import LabelHops
from xcgraph.training.optimization import cosine_schedule, make_optimizers
from xcgraph.training.phase import Phase
from xcgraph.training.trainer import Trainer
from xcgraph.training.validation import Validator

GRAPH = tiny_label_graph(7, 2)
MODELS = [DECAF, ECLARE]


def head(in_dim: int, dim: int) -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(in_dim, dim), torch.nn.ReLU())


@pytest.mark.parametrize("kind", MODELS)
def test_scores_are_those_of_the_towers_vectors(kind, label_x, randomize):
    model = randomize(kind(9, 7, 4, document_tower=head(6, 4)))
    assert isinstance(model.document_tower, DocumentTower)
    x = torch.randn(5, 6)
    hops = model.label_hops(label_x, GRAPH.edge_index, GRAPH.edge_weight)
    weight, bias = model.label_vectors(hops)
    expected = model.document_tower(x) @ weight.t() + bias
    torch.testing.assert_close(model(x, label_x, GRAPH.edge_index, GRAPH.edge_weight), expected)
    shortlist = torch.tensor([[6, 0, -1]] * 5)
    some = model(x, label_x, GRAPH.edge_index, GRAPH.edge_weight, shortlist)
    torch.testing.assert_close(some[:, :2], expected[:, [6, 0]])


@pytest.mark.parametrize("kind", MODELS)
def test_gradients_reach_the_tower_and_the_label_texts(kind, label_x):
    model = kind(9, 7, 4, document_tower=head(6, 4))
    model(torch.randn(5, 6), label_x, GRAPH.edge_index, GRAPH.edge_weight).sigmoid().sum().backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None]
    assert not any(name.startswith("document_block") for name, _ in model.named_parameters())


def test_a_function_is_a_tower(label_x, randomize):
    model = randomize(DECAF(9, 7, 4, document_tower=lambda x: x[:, :4]))
    x = torch.randn(5, 6)
    assert torch.equal(model.encode_documents(x), x[:, :4])


def test_documents_drop_out():
    model = DECAF(9, 7, 4, document_dropout=0.5, document_tower=torch.nn.Identity())
    silent = (model.encode_documents(torch.ones(200, 4)) == 0).float().mean()
    assert 0.3 < silent < 0.7


def test_a_tower_of_another_size_is_told(label_x):
    model = DECAF(9, 7, 4, document_tower=torch.nn.Linear(6, 5))
    with pytest.raises(ValueError, match=r"shape \[B, 4\], got \[3, 5\]"):
        model.encode_documents(torch.randn(3, 6))


def trained(data, device, epochs=12):
    """ECLARE with documents as vectors, by the trainer; the ranker of now, the vectors, and the metrics."""
    torch.manual_seed(0)
    x = torch.from_numpy(data.train_x.toarray()).to(device)  # stands in for a sentence encoder
    y, label_x = (CSR.from_scipy(m).to(device) for m in (data.train_y, data.label_x))
    graph = tiny_label_graph(data.num_labels, 2).to(device)
    model = ECLARE(data.num_features, data.num_labels, 16, document_tower=head(x.size(1), 16)).to(device)
    hops = LabelHops(model, label_x, graph, "stale")
    model.classifier.initialize(weight=mean_of_documents(model, x, y))
    optimizers = make_optimizers(model, 0.02)
    steps = epochs * (-(-x.size(0) // 16))
    phase = Phase("ranker", model, x, y, hops, SampledLabels(4), optimizers, cosine_schedule(steps, 0.1), 16)

    def ranker() -> LabelRanker:
        model.eval()
        with torch.no_grad():
            weight, bias = model.label_vectors(hops.compute())
        return LabelRanker(model.encode_documents, weight, bias.detach())

    test_x = torch.from_numpy(data.test_x.toarray()).to(device)
    validator = Validator(test_x, data.test_y, Evaluator(data.train_y), data.test_filter, k=5)
    result = Trainer(validator=validator, patience=epochs).fit(phase, epochs, ranker)
    return model, ranker(), test_x, result


def test_trainer_learns_and_ranks(device):
    data = tiny_dataset(num_train=240, num_test=60)
    _, ranker, test_x, result = trained(data, device)
    assert result["best"]["P@1"] > 60.0  # of 12 labels
    index, score = ranker.predict(test_x, 3)
    assert index.shape == score.shape == (60, 3)
    again = Evaluator(data.train_y).evaluate(index, score, data.test_y, data.test_filter)
    assert again["P@1"] == pytest.approx(result["best"]["P@1"])


def test_what_cannot_be_stored_is_refused(tmp_path):
    data = tiny_dataset()
    model, ranker, _, _ = trained(data, "cpu", epochs=1)
    with pytest.raises(ValueError, match="document tower"):
        DocumentEncoder.from_model(model)
    with pytest.raises(ValueError, match="make the tower and the model yourself"):
        model.config()
    with pytest.raises(ValueError, match="only rankers that embed tokens"):
        freeze(ranker)
    ensemble = EnsembleRanker([ranker])
    with pytest.raises(ValueError, match="only rankers that embed tokens"):
        save_model(tmp_path / "model", ensemble, None, data.label_uids, data.label_titles, {})
    assert not (tmp_path / "model").exists()
