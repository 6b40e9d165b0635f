"""Boosted regression trees as arrays: what a fitted model keeps of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from . import rerank_kernels

_KINDS = {"feature": "int32", "threshold": "float64", "left": "int32", "right": "int32", "value": "float64",
          "roots": "int32"}  # fmt: skip


class DecisionTrees:
    """A sum of decision trees.

    Args:
        feature: column that each node looks at, int32 ``[M]``; -1 for a leaf.
        threshold: rows of at most so much there go left, float64 ``[M]``.
        left: node of those, int32 ``[M]``.
        right: node of the others, int32 ``[M]``.
        value: of leaves, float64 ``[M]``.
        roots: first node of each tree, int32 ``[T]``.

    Raises:
        ValueError: if they are no trees: compiled loops would go anywhere, or on forever.
    """

    def __init__(
        self, feature: Tensor, threshold: Tensor, left: Tensor, right: Tensor, value: Tensor, roots: Tensor
    ) -> None:
        self._tensors = dict(zip(_KINDS, (feature, threshold, left, right, value, roots), strict=True))
        arrays = {name: tensor.detach().cpu().numpy() for name, tensor in self._tensors.items()}
        size = len(arrays["feature"])
        inner = np.flatnonzero(arrays["feature"] >= 0)
        fits = all(array.ndim == 1 and array.dtype == _KINDS[name] for name, array in arrays.items())
        fits = fits and all(len(array) == size for name, array in arrays.items() if name != "roots")
        for name in ("left", "right"):  # children come after their parents, so that every path ends
            fits = fits and bool(((arrays[name][inner] > inner) & (arrays[name][inner] < size)).all())
        roots_fit = fits and bool(((arrays["roots"] >= 0) & (arrays["roots"] < size)).all())
        if not roots_fit:
            raise ValueError("expected nodes of decision trees, each before its children, got something else")
        self.num_nodes, self.num_trees = size, len(arrays["roots"])
        #: Columns that rows need to have.
        self.num_features = int(arrays["feature"].max(initial=-1)) + 1
        self._steps = _steps(**arrays)

    @classmethod
    def of_boosting(cls, models: Sequence[Any], x: np.ndarray) -> DecisionTrees:
        """The mean of the raw scores of fitted classifiers of two classes, but for a constant.

        Args:
            models: at least one of scikit-learn's ``HistGradientBoostingClassifier``.
            x: rows ``[S, F]`` on which the trees are compared with the classifiers.

        Raises:
            RuntimeError: if this version of scikit-learn keeps trees in another way.
        """
        parts: dict[str, list[np.ndarray]] = {name: [] for name in _KINDS}
        size = 0
        for model in models:
            for (tree,) in model._predictors:
                nodes = tree.nodes
                leaf = nodes["is_leaf"].astype(bool)
                parts["feature"].append(np.where(leaf, -1, nodes["feature_idx"]))
                parts["threshold"].append(np.where(leaf, 0.0, nodes["num_threshold"]))
                parts["left"].append(np.where(leaf, 0, nodes["left"].astype(np.int64) + size))
                parts["right"].append(np.where(leaf, 0, nodes["right"].astype(np.int64) + size))
                parts["value"].append(np.where(leaf, nodes["value"] / len(models), 0.0))
                parts["roots"].append(np.array([size]))
                size += len(nodes)
        trees = cls(*(torch.from_numpy(np.concatenate(parts[name]).astype(kind)) for name, kind in _KINDS.items()))
        rest = sum(model.decision_function(x) for model in models) / len(models) - trees(x)
        if np.ptp(rest) > 1e-6:
            import sklearn

            raise RuntimeError(
                f"scikit-learn {sklearn.__version__} keeps its trees in a way that is not known here"
            )
        return trees

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Scores of rows ``[S, F]``, float64 ``[S]``."""
        out = np.zeros(len(x))
        feature, threshold, child, value, root, depth = self._steps
        rerank_kernels.add_trees(feature, threshold, child, value, root, depth, x, out)
        return out

    def tensors(self) -> dict[str, Tensor]:
        """What is kept on disk, by the names of the arguments."""
        return dict(self._tensors)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.num_trees} trees, {self.num_nodes} nodes)"


def _steps(
    feature: np.ndarray,
    threshold: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    value: np.ndarray,
    roots: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """The same trees as ``rerank_kernels.add_trees`` takes them, breadth first."""
    nodes: list[tuple[int, float, int, float]] = []
    root, depth = [], []
    for start in roots.tolist():
        root.append(len(nodes))
        level, levels = [start], 0
        while level:
            first = len(nodes) + len(level)  # place of the first child
            below: list[int] = []
            for node in level:
                if feature[node] < 0:
                    nodes.append((0, np.inf, len(nodes), float(value[node])))
                else:
                    nodes.append((int(feature[node]), float(threshold[node]), first + len(below), 0.0))
                    below += [int(left[node]), int(right[node])]
            levels += bool(below)
            level = below
        depth.append(levels)
    columns = list(zip(*nodes, strict=True)) or [()] * 4
    kinds = ("int32", "float64", "int32", "float64")
    arrays = [np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True)]
    return *arrays, np.array(root, dtype=np.int32), np.array(depth, dtype=np.int32)
