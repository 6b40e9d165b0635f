"""What a label graph looks like."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch_geometric.data import Data

from .inputs import label_text, training_relevance
from .text_cosine import text_cosine

TAIL_DOCUMENTS = 5
_RANDOM_PAIRS = 100_000


def graph_statistics(
    graph: Data, train_y: Any = None, label_x: Any = None, seed: int = 0
) -> dict[str, int | float]:
    """Size, degrees, reach and homophily of a label graph. Self loops do not count as edges here.

    Args:
        graph: the label graph; its weights are not read.
        train_y: training relevance, scipy sparse ``[N, L]``; adds the entries about tail labels, those of fewer
            than 5 training documents.
        label_x: label texts, scipy sparse ``[L, V]``; adds the entries about text.
        seed: of the random pairs of labels.

    Returns:
        ``labels``, ``edges``; ``degree_mean``, ``degree_median``, ``degree_max`` (neighbours a row) and
        ``in_degree_max`` (rows that one label appears in); ``isolated`` (labels without an edge in either
        direction) and ``isolated_share``; ``symmetric_share`` (edges whose reverse is an edge); with ``train_y``,
        ``tail_labels``, ``tail_share_with_neighbor`` and ``tail_share_reached`` (in another label's row); with
        ``label_x``, ``text_cosine_edges`` and ``text_cosine_random`` (means over edges, and over pairs of
        different labels drawn at random). Shares are 0 to 1; a mean or share of nothing is NaN.

    Raises:
        ValueError: if a matrix has another number of labels than the graph.
    """
    num_labels = int(graph.num_nodes)
    edge_index = graph.edge_index.cpu()
    source, target = edge_index[:, edge_index[0] != edge_index[1]]
    degree = torch.bincount(target, minlength=num_labels)
    reached = torch.bincount(source, minlength=num_labels)
    isolated = int(((degree == 0) & (reached == 0)).sum())
    key, reverse = target * num_labels + source, source * num_labels + target
    result: dict[str, int | float] = {
        "labels": num_labels,
        "edges": source.numel(),
        "degree_mean": _mean(degree),
        "degree_median": float(np.median(degree.numpy())) if num_labels else float("nan"),
        "degree_max": int(degree.max()) if num_labels else 0,
        "in_degree_max": int(reached.max()) if num_labels else 0,
        "isolated": isolated,
        "isolated_share": isolated / num_labels if num_labels else float("nan"),
        "symmetric_share": _mean(torch.isin(reverse, key)),
    }
    if train_y is not None:
        frequency = torch.from_numpy(training_relevance(train_y).getnnz(axis=0))
        _check_labels("train_y", frequency.numel(), num_labels)
        tail = frequency < TAIL_DOCUMENTS
        result["tail_labels"] = int(tail.sum())
        result["tail_share_with_neighbor"] = _mean(degree[tail] > 0)
        result["tail_share_reached"] = _mean(reached[tail] > 0)
    if label_x is not None:
        x = label_text(label_x)
        _check_labels("label_x", x.shape[0], num_labels)
        generator = torch.Generator().manual_seed(seed)
        pair = torch.randint(max(num_labels, 1), (2, _RANDOM_PAIRS if num_labels > 1 else 0), generator=generator)
        pair = pair[:, pair[0] != pair[1]]
        result["text_cosine_edges"] = _mean(text_cosine(x, target, source))
        result["text_cosine_random"] = _mean(text_cosine(x, pair[0], pair[1]))
    return result


def _mean(values: torch.Tensor) -> float:
    return float(values.double().mean())


def _check_labels(name: str, got: int, expected: int) -> None:
    if got != expected:
        raise ValueError(f"expected '{name}' of {expected} labels, got {got}")
