from __future__ import annotations

import pytest
import torch
from scipy.sparse import csr_matrix

from xcgraph.models import DECAF, ECLARE
from xcgraph.sparse import CSR
from xcgraph.testing import tiny_label_graph
from xcgraph.training.candidates import AllLabels, SampledLabels, Shortlisted
from xcgraph.training.label_hops import LabelHops
from xcgraph.training.loss import label_loss
from xcgraph.training.optimization import cosine_schedule, halving_schedule, make_optimizers
from xcgraph.training.phase import Phase

GRAPH = tiny_label_graph(12, 2)


def make(
    data,
    kind=ECLARE,
    candidates=None,
    sparse=False,
    mode="stale",
    freeze=False,
    seed=0,
    fan_out=11,
    state="full",
    dropout=0.2,
    device="cpu",
    **options,
) -> Phase:
    torch.manual_seed(42)
    x, y, label_x = (CSR.from_scipy(m).to(device) for m in (data.train_x, data.train_y, data.label_x))
    model = kind(x.shape[1], 12, 6, dropout=dropout, sparse_tokens=sparse, sparse_labels=sparse).to(device)
    graph = GRAPH.clone().to(device) if kind is ECLARE else None
    hops = LabelHops(model, label_x, graph, mode, fan_out)
    options = {"schedule": cosine_schedule(12, 0.1), "batch_size": 16, **options}
    optimizers = make_optimizers(model, 0.01, freeze, state)
    return Phase("p", model, x, y, hops, candidates or SampledLabels(3), optimizers, seed=seed, **options)


def weights(phase: Phase) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in phase.model.state_dict().items()}


def assert_equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    different = [name for name in a if not torch.equal(a[name], b[name])]
    assert not different


def shortlisted() -> Shortlisted:
    return Shortlisted(torch.randint(-1, 12, (60, 5), generator=torch.Generator().manual_seed(3)))


CASES = [
    {},
    {"kind": DECAF},
    {"sparse": True},
    {"loss": "softmax"},
    {"loss": "softmax", "candidates": shortlisted()},
    {"kind": DECAF, "sparse": True, "candidates": shortlisted()},
    {"candidates": AllLabels(), "mode": "exact", "reduction": "cell", "schedule": halving_schedule(4, 1)},
    {"candidates": AllLabels(), "mode": "exact", "sparse": True},
    {"candidates": shortlisted(), "mode": "frozen", "freeze": True, "reduction": "cell"},
    {"candidates": shortlisted(), "mode": "sampled", "fan_out": 1},
    {"sparse": True, "state": "rowwise"},
]


@pytest.mark.parametrize("mode", ["exact", "stale", "frozen", "sampled"])
@pytest.mark.parametrize("state", ["full", "rowwise"])
def test_epochs_on_any_device_are_those_of_the_cpu(tiny, device, mode, state):
    losses = []
    for where in ("cpu", device):
        near = shortlisted().shortlist.to(where)
        candidates = SampledLabels(3, near, 2)
        phase = make(
            tiny, candidates=candidates, sparse=True, mode=mode, freeze=mode == "frozen", state=state, dropout=0.0,
            device=where, loss="softmax",
        )  # fmt: skip
        losses.append([phase.train_epoch() for _ in range(3)])
    assert losses[0][-1] < losses[0][0]
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("loss", ["bce", "softmax"])
def test_sampling_that_covers_the_graph_is_exact(tiny, sparse, loss):
    """Module IV through sampled neighbourhoods: same losses and gradients, hence the same weights."""
    phases = [
        make(tiny, candidates=shortlisted(), mode=mode, sparse=sparse, loss=loss) for mode in ("exact", "sampled")
    ]
    for _ in range(2):
        losses = [phase.train_epoch() for phase in phases]
        assert losses[0] == pytest.approx(losses[1], rel=1e-5)
        for (name, a), (_, b) in zip(*(weights(phase).items() for phase in phases), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.parametrize("sparse", [False, True])
def test_gradients_of_a_sampled_step_are_exact(tiny, sparse):
    """To tokens of neighbours too."""
    grads = []
    for mode in ("exact", "sampled"):
        phase = make(tiny, candidates=shortlisted(), mode=mode, sparse=sparse)
        torch.manual_seed(0)
        loss = phase._train_step(torch.arange(16), torch.Generator().manual_seed(0))
        grads.append(
            (loss, {n: p.grad.to_dense() for n, p in phase.model.named_parameters() if p.grad is not None})
        )
    (loss, expected), (other, got) = grads
    assert loss == pytest.approx(float(other), rel=1e-6) and expected.keys() == got.keys()
    for name, value in expected.items():
        torch.testing.assert_close(got[name], value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_same_seed_same_weights(tiny, case):
    runs = []
    for noise in (1, 2):
        phase = make(tiny, **case)
        losses = []
        for _ in range(2):
            torch.manual_seed(noise)  # what others drew before must not matter
            losses.append(phase.train_epoch())
        runs.append((losses, weights(phase)))
    assert runs[0][0] == runs[1][0]
    assert_equal(runs[0][1], runs[1][1])
    other = make(tiny, seed=1, **case)
    other.train_epoch()
    assert any(not torch.equal(runs[0][1][name], value) for name, value in weights(other).items())


@pytest.mark.parametrize("case", CASES)
def test_a_continued_phase_takes_the_same_steps(tiny, case):
    whole = make(tiny, **case)
    losses = [whole.train_epoch() for _ in range(3)]
    first = make(tiny, **case)
    first.train_epoch()
    tensors, meta = first.state()
    tensors = {name: value.clone() for name, value in tensors.items()}
    second = make(tiny, **case)
    second.load_state(tensors, meta)
    assert (second.epoch, second.step) == (1, 4) and second.seconds == first.seconds
    assert [second.train_epoch() for _ in range(2)] == losses[1:]
    assert_equal(weights(second), weights(whole))


def test_it_learns(tiny):
    phase = make(tiny, candidates=AllLabels(), schedule=lambda step: 1.0)
    losses = [phase.train_epoch() for _ in range(10)]
    assert losses[-1] < 0.5 * losses[0]


def test_an_epoch_passes_over_every_document_once(tiny):
    seen, orders = [], []

    class Spy(AllLabels):
        def __call__(self, rows, y, generator):
            seen.extend(rows.tolist())
            return super().__call__(rows, y, generator)

    phase, told = make(tiny, candidates=Spy()), []
    for _ in range(2):
        phase.train_epoch(lambda done, total: told.append(done))
        orders.append(seen.copy())
        seen.clear()
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(60))
    assert orders[0] != orders[1] != sorted(orders[1])
    assert told == [16, 32, 48, 60] * 2 and phase.step == 8


def test_learning_rates_follow_the_schedule(tiny):
    rates = []

    class Spy(AllLabels):
        def __call__(self, rows, y, generator):
            rates.append([g["lr"] for o in phase.optimizers for g in o.param_groups])
            return super().__call__(rows, y, generator)

    phase = make(tiny, candidates=Spy(), sparse=True, schedule=lambda step: 1 / (1 + step))
    phase.train_epoch()
    assert rates == [pytest.approx([0.01 / (1 + step)] * 2) for step in range(4)]


def test_loss_is_the_mean_over_documents(tiny):
    # Without dropout and learning, the loss of an epoch is that of all documents at once.
    phase = make(tiny, candidates=AllLabels(), mode="exact", schedule=lambda step: 0.0)
    phase.model.train = lambda mode=True: phase.model  # stays in evaluation mode
    for module in phase.model.modules():
        module.training = False
    loss = phase.train_epoch()
    with torch.no_grad():
        logit = phase.model(phase.doc_x, phase.hops.label_x, GRAPH.edge_index, GRAPH.edge_weight)
        target = phase.y.to_torch().to_dense()
        expected = label_loss(logit, target, None, "document")
    assert loss == pytest.approx(float(expected), rel=1e-4)


def test_a_step_changes_only_the_rows_of_its_candidates(tiny):
    steps = []

    class Spy(SampledLabels):
        def __call__(self, rows, y, generator):
            out = super().__call__(rows, y, generator)
            steps.append((rows, out.labels))
            return out

    shortlist = torch.randint(-1, 12, (60, 5), generator=torch.Generator().manual_seed(3))
    phase = make(tiny, candidates=Spy(1, shortlist, 1), sparse=True, batch_size=2)
    before = weights(phase)
    phase.hops.refresh()
    phase._train_step(torch.tensor([7, 30]), torch.Generator().manual_seed(0))
    ((rows, labels),) = steps
    assert labels is not None and len(labels) < 9
    after = weights(phase)
    for name in ("classifier.weight", "classifier.bias"):
        changed = (after[name] != before[name]).any(1).nonzero()[:, 0]
        assert changed.tolist() == labels.tolist(), name
    texts = {*phase.doc_x.select_rows(rows).col.tolist(), *phase.hops.label_x.select_rows(labels).col.tolist()}
    changed = (after["embedding.weight"] != before["embedding.weight"]).any(1).nonzero()[:, 0]
    assert set(changed.tolist()) == texts and len(texts) < before["embedding.weight"].size(0) / 2


@pytest.mark.parametrize("loss", ["bce", "softmax"])
@pytest.mark.parametrize("negatives", [3, 100])
def test_unknown_pairs_get_no_gradient(tiny, monkeypatch, loss, negatives):
    y = tiny.train_y.toarray()
    rng = torch.Generator().manual_seed(5)
    unknown = (torch.rand(60, 12, generator=rng) < 0.5).float()
    rows, kept = torch.arange(10, 26), []
    source = SampledLabels(negatives, unknown=CSR.from_scipy(csr_matrix(unknown.numpy())))
    phase = make(tiny, candidates=source, loss=loss)
    classify = phase.model.classifier.forward

    def keep(*args):
        logit = classify(*args)
        logit.retain_grad()
        kept.append(logit)
        return logit

    def remember(*args):
        kept.append(SampledLabels.__call__(source, *args))
        return kept[-1]

    monkeypatch.setattr(phase.model.classifier, "forward", keep)
    phase.candidates = remember
    phase.hops.refresh()
    assert torch.isfinite(phase._train_step(rows, torch.Generator().manual_seed(0)))
    step, logit = kept
    labels = torch.arange(12) if step.labels is None else step.labels
    ignored = (unknown[rows] > 0) & (torch.from_numpy(y)[rows] == 0)
    ignored = ignored[:, labels]
    assert ignored.any() and not logit.grad[ignored].any()
    # By binary cross-entropy and by softmax, all other logits count.
    assert (logit.grad[~ignored] != 0).all()


def test_a_document_of_unknown_pairs_alone(tiny):
    everything = CSR.from_scipy(csr_matrix(torch.ones(60, 12).numpy()))
    for loss in ("bce", "softmax"):
        phase = make(tiny, candidates=SampledLabels(3, unknown=everything), loss=loss)
        phase.y = CSR.from_scipy(csr_matrix((60, 12), dtype="float32"))
        assert phase.train_epoch() == 0.0
        assert all(torch.isfinite(value).all() for value in weights(phase).values())


def test_frozen_tokens_stay(tiny):
    phase = make(tiny, mode="frozen", freeze=True)
    before = weights(phase)
    phase.train_epoch()
    assert torch.equal(weights(phase)["embedding.weight"], before["embedding.weight"])
    assert not torch.equal(weights(phase)["classifier.weight"], before["classifier.weight"])


def test_state_can_be_stored(tiny):
    import json

    phase = make(tiny, sparse=True)
    phase.train_epoch()
    tensors, meta = phase.state()
    assert json.loads(json.dumps(meta)) == meta and (meta["epoch"], meta["step"]) == (1, 4)
    assert all(isinstance(value, torch.Tensor) for value in tensors.values())
    assert any(name.startswith("optimizer1.") for name in tensors)
