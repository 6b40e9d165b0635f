"""Data small enough to follow by hand, from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch_geometric.data import Data

if TYPE_CHECKING:
    from xcgraph.data import LFDataset


def tiny_label_graph(num_labels: int = 6, degree: int = 2, seed: int = 0) -> Data:
    """A directed label graph as the builders return it: a self loop and ``degree`` neighbours a label.

    Args:
        num_labels: L, at least ``degree + 1``.
        degree: neighbours a label, besides itself.
        seed: gives neighbours and weights.

    Returns:
        ``edge_index`` ``[2, L (degree + 1)]`` sorted by target and then source, without repeats; positive
        ``edge_weight``; ``num_nodes``.
    """
    generator = torch.Generator().manual_seed(seed)
    target = torch.arange(num_labels).repeat_interleave(degree + 1)
    source = []
    for label in range(num_labels):
        others = 1 + torch.randperm(num_labels - 1, generator=generator)[:degree]
        source.append(torch.cat([torch.tensor([label]), (label + others) % num_labels]).sort().values)
    edge_index = torch.stack([torch.cat(source), target])
    edge_weight = 0.1 + torch.rand(target.numel(), generator=generator)
    return Data(edge_index=edge_index, edge_weight=edge_weight, num_nodes=num_labels)


def tiny_dataset(
    num_labels: int = 12, num_train: int = 60, num_test: int = 20, group: int = 3, seed: int = 0
) -> LFDataset:
    """A data set that can be learnt: labels come in groups, and documents take the words of their labels.

    Label ``l`` has two words of its own and one of its group, and ten words mean nothing. A document has one to
    ``group`` labels of one group, two words of each, and two meaningless words. Each label has a training
    document, labels of a group occur together, and ``test_filter`` holds one pair, of a label that document 0 does
    not have.

    Args:
        num_labels: L, a multiple of ``group``.
        num_train: N, at least L.
        num_test: number of test documents.
        group: labels a group.
        seed: gives the same data set again.

    Returns:
        An ``LFDataset`` without vectoriser, of ``2 L + L / group + 10`` features.
    """
    from scipy.sparse import csr_matrix

    from xcgraph.data import LFDataset

    if num_labels % group or num_train < num_labels:
        raise ValueError(f"expected 'num_labels' a multiple of {group} and at most 'num_train', got {num_labels}")
    rng = np.random.default_rng(seed)
    num_groups = num_labels // group
    num_features = 2 * num_labels + num_groups + 10

    def words(label: int) -> list[int]:
        return [2 * label, 2 * label + 1, 2 * num_labels + label // group]

    def rows(bags: list[list[int]], width: int) -> csr_matrix:
        # Repeats are dropped, and each row gets the L2 norm 1 (labels: ones).
        bags = [sorted(set(bag)) for bag in bags]
        indptr = np.cumsum([0] + [len(bag) for bag in bags])
        indices = np.array([word for bag in bags for word in bag], dtype=np.int32)
        data = np.array([len(bag) ** -0.5 for bag in bags for _ in bag], dtype=np.float32)
        return csr_matrix((data, indices, indptr), shape=(len(bags), width))

    def split(size: int) -> tuple[csr_matrix, csr_matrix]:
        texts, targets = [], []
        for i in range(size):
            label = i % num_labels  # every label in turn, so that none goes without
            mates = [m for m in range(label // group * group, label // group * group + group) if m != label]
            picked = [label, *rng.permutation(mates)[: rng.integers(0, group)].tolist()]
            noise = (num_features - 1 - rng.integers(0, 10, size=2)).tolist()
            texts.append([w for m in picked for w in rng.permutation(words(m))[:2].tolist()] + noise)
            targets.append(picked)
        y = rows(targets, num_labels)
        y.data[:] = 1.0
        return rows(texts, num_features), y

    train_x, train_y = split(num_train)
    test_x, test_y = split(num_test)
    absent = [label for label in range(num_labels) if num_test and label not in test_y[0].indices][:1]
    return LFDataset(
        name="tiny",
        train_x=train_x,
        test_x=test_x,
        label_x=rows([words(label) for label in range(num_labels)], num_features),
        train_y=train_y,
        test_y=test_y,
        train_filter=np.empty((0, 2), dtype=np.int64),
        test_filter=np.array([[0, label] for label in absent], dtype=np.int64).reshape(-1, 2),
        label_uids=[f"label-{label}" for label in range(num_labels)],
        label_titles=[f"word{2 * label} word{2 * label + 1} group{label // group}" for label in range(num_labels)],
        test_uids=[f"test-{i}" for i in range(num_test)],
        train_uids=[f"train-{i}" for i in range(num_train)],
    )
