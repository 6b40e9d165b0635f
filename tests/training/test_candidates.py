from __future__ import annotations

import pytest
import torch
from scipy.sparse import csr_matrix

from xcgraph.sparse import CSR
from xcgraph.training.candidates import AllLabels, SampledLabels, Shortlisted
from xcgraph.training.loss import label_loss

L = 30
DENSE = torch.zeros(8, L)
for _row, _labels in enumerate([[3], [0, 29], [], [5, 6, 7], [3, 5], [28], [0], [12]]):
    DENSE[_row, _labels] = 1.0
Y = CSR.from_scipy(csr_matrix(DENSE.numpy()))
ROWS = torch.tensor([4, 1, 2])


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch(rows: torch.Tensor = ROWS) -> CSR:
    return Y.select_rows(rows)


def test_all_labels():
    out = AllLabels()(ROWS, batch(), generator())
    assert out.labels is None and out.shortlist is None and out.weight is None
    assert torch.equal(out.target, DENSE[ROWS])


def test_sampled_labels_hold_all_relevant_ones():
    for seed in range(20):
        out = SampledLabels(6)(ROWS, batch(), generator(seed))
        assert torch.equal(out.labels, out.labels.unique())  # ascending, distinct
        assert {0, 3, 5, 29} <= set(out.labels.tolist()) and len(out.labels) <= 10
        assert torch.equal(out.target, DENSE[ROWS][:, out.labels])
        assert out.shortlist is None
        relevant = DENSE[ROWS].any(0)[out.labels]
        assert (out.weight[relevant] == 1).all()
        assert out.weight[~relevant].tolist() == pytest.approx(
            [26 / int((~relevant).sum())] * int((~relevant).sum())
        )


def test_weights_keep_the_expectation_of_the_loss():
    logit = torch.randn(3, L, generator=generator(5), dtype=torch.float64)
    exact = label_loss(logit, DENSE[ROWS].double(), None, "document")
    source, draws = SampledLabels(3), 1500
    random = generator(1)
    losses = []
    for _ in range(draws):
        out = source(ROWS, batch(), random)
        losses.append(label_loss(logit[:, out.labels], out.target.double(), out.weight, "document"))
    total = torch.stack(losses)
    error = float(total.std()) / draws**0.5
    # A draw in 3,375 holds relevant labels only, and then nothing stands for the others.
    assert abs(float(total.mean() - exact)) < 4 * error + float(exact) / 1000
    assert error < 0.03 * float(exact)


def test_weights_with_hard_negatives_keep_the_expectation():
    logit = torch.randn(3, L, generator=generator(5), dtype=torch.float64)
    exact = label_loss(logit, DENSE[ROWS].double(), None, "document")
    shortlist = torch.randint(L, (8, 5), generator=generator(2))
    source, random = SampledLabels(4, shortlist.int(), 2), generator(1)
    losses = []
    for _ in range(1000):
        out = source(ROWS, batch(), random)
        losses.append(label_loss(logit[:, out.labels], out.target.double(), out.weight, "document"))
    losses = torch.stack(losses)
    assert abs(float(losses.mean() - exact)) < 4 * float(losses.std()) / 1000**0.5 + float(exact) / 1000


def test_small_label_sets_are_scored_whole():
    out = SampledLabels(26)(ROWS, batch(), generator())
    assert out.labels is None and out.weight is None
    assert torch.equal(out.target, DENSE[ROWS])
    assert SampledLabels(25)(ROWS, batch(), generator()).labels is not None


def test_hard_negatives_are_candidates():
    shortlist = torch.full((8, 4), -1)
    shortlist[4], shortlist[1, :2], shortlist[2, 0] = torch.tensor([10, 11, 3, 12]), torch.tensor([20, 21]), 25
    seen = set()
    for seed in range(40):
        out = SampledLabels(2, shortlist.int(), 3)(ROWS, batch(), generator(seed))
        chosen = set(out.labels[out.weight == 1].tolist())
        seen |= chosen
        assert chosen <= {0, 3, 5, 29} | {10, 11, 12, 20, 21, 25}  # of these documents alone, and no pads
        assert torch.equal(out.target, DENSE[ROWS][:, out.labels]) and int(out.labels.min()) >= 0
    assert {10, 11, 12, 20, 21, 25} <= seen


def test_documents_without_labels():
    rows = torch.tensor([2])
    out = SampledLabels(5)(rows, batch(rows), generator())
    assert not out.target.any() and out.labels.numel() > 0
    assert float(out.weight.sum()) == pytest.approx(L)
    empty = SampledLabels(5)(rows[:0], batch(rows[:0]), generator())
    assert empty.target.size(0) == 0


def pairs_of(*pairs: tuple[int, int]) -> CSR:
    dense = torch.zeros(8, L)
    for row, label in pairs:
        dense[row, label] = 1.0
    return CSR.from_scipy(csr_matrix(dense.numpy()))


# Document 4 has 3 and 5, document 1 has 0 and 29, document 2 none; 6 is not in the batch.
UNKNOWN = pairs_of((4, 0), (4, 5), (4, 17), (1, 3), (1, 29), (2, 29), (2, 12), (6, 3))


@pytest.mark.parametrize("num_uniform", [3, 10, 40])
def test_unknown_pairs_are_ignored(num_uniform):
    seen = set()
    for seed in range(20):
        out = SampledLabels(num_uniform, unknown=UNKNOWN)(ROWS, batch(), generator(seed))
        labels = torch.arange(L) if out.labels is None else out.labels
        assert (out.labels is None) == (num_uniform == 40)
        cells = {(int(ROWS[row]), int(labels[column])) for row, column in out.ignored.t().tolist()}
        # What is relevant is learnt all the same, and labels that were not drawn have no cell.
        expected = {(4, 0), (4, 17), (1, 3), (2, 29), (2, 12)}
        assert cells == {(row, label) for row, label in expected if label in labels.tolist()}
        assert {(4, 0), (1, 3), (2, 29)} <= cells
        assert not out.target[out.ignored[0], out.ignored[1]].any()
        # The choice of labels is what it was.
        plain = SampledLabels(num_uniform)(ROWS, batch(), generator(seed))
        assert plain.ignored is None and torch.equal(plain.target, out.target)
        seen |= cells
    assert (4, 17) in seen


def test_unknown_pairs_of_other_documents_change_nothing():
    out = SampledLabels(3, unknown=pairs_of((6, 3), (0, 0)))(ROWS, batch(), generator())
    assert out.ignored.shape == (2, 0)


@pytest.mark.parametrize("keep_positives", [False, True])
def test_shortlisted(keep_positives):
    shortlist = torch.full((8, 4), -1, dtype=torch.int32)
    shortlist[4], shortlist[1, 1] = torch.tensor([10, 5, -1, 11]), 29
    source = Shortlisted(shortlist, keep_positives)
    out = source(ROWS, batch(), generator())
    assert out.weight is None and int(out.labels.min()) >= 0
    assert torch.equal(out.shortlist >= 0, out.shortlist.clamp(min=0) == out.shortlist)
    # Back in terms of labels, each document has its own shortlist, and pads are no labels.
    label = out.labels[out.shortlist.clamp(min=0)].masked_fill(out.shortlist < 0, -1)
    listed = [set(row.tolist()) - {-1} for row in label]
    relevant = [set(row[t > 0].tolist()) for row, t in zip(label, out.target, strict=True)]
    if keep_positives:  # 3 and 0 were missed
        assert listed == [{10, 5, 11, 3}, {29, 0}, set()] and relevant == [{3, 5}, {0, 29}, set()]
    else:
        assert listed == [{10, 5, 11}, {29}, set()] and relevant == [{5}, {29}, set()]
        assert torch.equal(label.int(), shortlist[ROWS])
    assert not out.target[out.shortlist < 0].any()
    assert set(out.labels.tolist()) == set().union(*listed)


def test_a_pad_is_not_the_label_before():
    # Key arithmetic: -1 of document 1 must not be taken for label L - 1 of document 0.
    dense = torch.zeros(2, L)
    dense[0, L - 1] = 1.0
    y = CSR.from_scipy(csr_matrix(dense.numpy()))
    out = Shortlisted(torch.tensor([[4, -1], [-1, 4]]))(torch.arange(2), y, generator())
    assert not out.target.any()


def test_same_generator_state_same_candidates():
    shortlist = torch.randint(-1, L, (8, 5), generator=generator(2))
    draws = [SampledLabels(3, shortlist, 2)(ROWS, batch(), generator(9)) for _ in range(2)]
    assert torch.equal(draws[0].labels, draws[1].labels) and torch.equal(draws[0].weight, draws[1].weight)
    other = SampledLabels(3, shortlist, 2)(ROWS, batch(), generator(10))
    assert not torch.equal(draws[0].labels, other.labels)
