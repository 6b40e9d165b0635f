from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from xcgraph.shortlist import mask_repeats, merge_positives, sample_negatives, union_of
from xcgraph.sparse import CSR


def positives(rows, num_labels=8):
    dense = np.zeros((len(rows), num_labels), dtype=np.float32)
    for i, row in enumerate(rows):
        dense[i, list(row)] = 1
    return CSR.from_scipy(csr_matrix(dense))


def naive_merge(row, positive, extra):
    """One row: what the shortlist and the target should be."""
    row, missed = list(row), sorted(positive - set(row))
    if extra is not None:
        row += missed + [-1] * (extra - len(missed))
    else:
        pads = [j for j, label in enumerate(row) if label < 0]
        places = pads + [j for j in reversed(range(len(row))) if row[j] >= 0 and row[j] not in positive]
        for j, label in zip(places, missed, strict=False):
            row[j] = label
    return row, [float(label in positive) for label in row]


@settings(max_examples=60, deadline=None)
@given(st.data(), st.booleans())
def test_merging_agrees_with_a_loop(data, extend):
    num_rows, width = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 5))
    listed = [data.draw(st.permutations([*range(8), *[-1] * 4]))[:width] for _ in range(num_rows)]
    relevant = [data.draw(st.sets(st.integers(0, 7), max_size=6)) for _ in range(num_rows)]
    extra = max(len(p - set(row)) for p, row in zip(relevant, listed, strict=True)) if extend else None
    expected = [naive_merge(row, p, extra) for row, p in zip(listed, relevant, strict=True)]
    before = torch.tensor(listed)
    shortlist, target = merge_positives(before, positives(relevant), extend=extend)
    assert shortlist.tolist() == [row for row, _ in expected]
    assert target.tolist() == [t for _, t in expected]
    assert before.tolist() == listed


def test_rows_must_agree():
    with pytest.raises(ValueError, match="3 rows"):
        merge_positives(torch.zeros(2, 2, dtype=torch.long), positives([set()] * 3))


def test_sampled_negatives():
    draw = lambda seed: sample_negatives(8, (3, 200), torch.Generator().manual_seed(seed))  # noqa: E731
    assert torch.equal(draw(1), draw(1)) and not torch.equal(draw(1), draw(2))
    assert set(draw(1).unique().tolist()) == set(range(8))
    relevant = [{0, 7}, set(), set(range(8))]
    label = sample_negatives(8, (3, 200), torch.Generator().manual_seed(1), positives(relevant))
    assert torch.equal(label[1], draw(1)[1]) and label[2].unique().tolist() == [-1]
    assert set(label[0].tolist()) == {-1, 1, 2, 3, 4, 5, 6}


def test_repeats_are_masked_after_the_first():
    shortlist = torch.tensor([[5, 2, 5, -1, 2, 5], [1, 0, -1, -1, 3, 2]])
    assert mask_repeats(shortlist).tolist() == [[5, 2, -1, -1, -1, -1], [1, 0, -1, -1, 3, 2]]


@pytest.mark.parametrize("rows", [[[9, 4, -1], [4, 0, 7]], [[9, 4], [4, 0]], [[-1, -1]]])
def test_union_keeps_pads_as_pads(rows):
    shortlist = torch.tensor(rows)
    labels, local = union_of(shortlist)
    assert labels.tolist() == sorted({label for row in rows for label in row if label >= 0})
    assert torch.equal(local < 0, shortlist < 0)
    assert torch.equal(labels[local[local >= 0]], shortlist[shortlist >= 0])
    assert not bool((local < -1).any())
