"""The metrics written down as loops, with nothing shared with the package."""

from __future__ import annotations

from math import log, log2


def rank(scores: dict[int, float]) -> list[int]:
    """Labels by descending score, then ascending id."""
    return sorted(scores, key=lambda label: (-scores[label], label))


def inverse_propensities(train: list[set[int]], num_labels: int, a: float, b: float) -> list[float]:
    c = (log(len(train)) - 1) * (b + 1) ** a
    return [max(1.0, 1 + c * (sum(label in y for y in train) + b) ** -a) for label in range(num_labels)]


def idcg(m: int) -> float:
    return sum(1 / log2(j + 1) for j in range(1, m + 1))


def metrics(predictions: list[list[int]], truth: list[set[int]], q: list[float]) -> dict[str, float]:
    """All fifteen values, 0 to 100, of ranked predictions without filtered pairs."""
    n, out = len(truth), {}
    for k in (1, 3, 5):
        p = ndcg = gain = best = ps_gain = ps_best = 0.0
        for ranked, y in zip(predictions, truth, strict=True):
            ideal = sorted(y, key=lambda label: -q[label])
            norm = min(idcg(len(y)), idcg(k)) if y else 1.0
            for j, label in enumerate(ranked[:k], 1):
                if label in y:
                    p += 1 / k
                    ndcg += 1 / log2(j + 1) / norm
                    gain += q[label] / k
                    ps_gain += q[label] / log2(j + 1) / norm
            for j, label in enumerate(ideal[:k], 1):
                best += q[label] / k
                ps_best += q[label] / log2(j + 1) / norm
        out[f"P@{k}"] = 100 * p / n
        out[f"nDCG@{k}"] = 100 * ndcg / n
        out[f"PSP@{k}"] = 100 * gain / best if best else 0.0
        out[f"PSnDCG@{k}"] = 100 * ps_gain / ps_best if ps_best else 0.0
    for k in (5, 10, 100):
        recall = 0.0
        for ranked, y in zip(predictions, truth, strict=True):
            recall += len(y & set(ranked[:k])) / max(len(y), 1)
        out[f"R@{k}"] = 100 * recall / n
    return out
