"""Test documents with the labels that runs found for them, and why."""

from __future__ import annotations

from typing import Any

import numpy as np

from xcgraph.data import LFDataset
from xcgraph.inference import Explainer, Explanation, FrozenModel
from xcgraph.metrics import filter_matrix, top_k

from .finished_run import FinishedRun
from .run_group import RunGroup

#: Labels shown a document.
K = 5
_LONGEST = 600
_DIGITS = 4


def chosen_rows(num_documents: int, count: int) -> list[int]:
    """Places of ``count`` documents (all, where there are fewer) at equal steps from the first to the last."""
    return np.unique(
        np.linspace(0, max(0, num_documents - 1), min(count, num_documents)).round().astype(int)
    ).tolist()


def document_table(group: RunGroup, rows: list[int]) -> dict[str, Any]:
    """Test documents with their own labels and, for each run, the best five that it found.

    Filtered pairs are in neither.

    Args:
        group: with its data set.
        rows: of the test documents.

    Returns:
        ``labels``: ``[uid, title, training documents]`` of each label that is spoken of; all else names labels by
        their place there. ``documents``: ``uid``, ``text`` (or ``None``) and ``labels`` (its own). ``runs``:
        ``name``; ``found``, for each document ``[label, score]``, best first; ``ranks``, for each document the
        rank of each of its own labels among the best 100, or 0; ``why``, for each document and label found what
        :class:`~xcgraph.inference.Explanation` says, or ``None``; ``unexplained``, why there is none of that.
    """
    data = group.data
    assert data is not None
    names = _Names(data)
    truth = filter_matrix(data.test_y, data.test_filter)[rows]
    truth.data = truth.data > 0
    truth.eliminate_zeros()
    truth.sort_indices()
    own = [truth.indices[truth.indptr[i] : truth.indptr[i + 1]].tolist() for i in range(len(rows))]
    return {
        # Made before the labels are listed, since these are all that come up.
        "documents": [
            {
                "uid": data.test_uids[row],
                "text": _short(group.texts, i),
                "labels": [names(label) for label in own[i]],
            }
            for i, row in enumerate(rows)
        ],
        "runs": [_found(run, group, rows, own, names) for run in group.runs],
        "labels": names.listed(),
    }


def _found(
    run: FinishedRun, group: RunGroup, rows: list[int], own: list[list[int]], names: _Names
) -> dict[str, Any]:
    assert group.data is not None
    index, score = top_k(filter_matrix(run.predictions(group.data), group.data.test_filter)[rows], 100)
    explainer, reason = _explainer(run, group)
    found, ranks, why = [], [], []
    for i, row in enumerate(rows):
        best = [(int(label), float(s)) for label, s in zip(index[i, :K], score[i, :K], strict=True) if label >= 0]
        found.append([[names(label), float(f"{s:.3g}")] for label, s in best])
        place = {label: rank for rank, label in enumerate(index[i].tolist(), 1)}
        ranks.append([place.get(label, 0) for label in own[i]])
        if explainer is not None and group.texts is not None:
            filtered = int((group.data.test_filter[:, 0] == row).sum())
            told = {each.uid: each for each in explainer.explain(group.texts[i], K + filtered)}
            shown = [told.get(group.data.label_uids[label]) for label, _ in best]
            why.append([None if each is None else _as_values(each, names) for each in shown])
    return {"name": run.name, "found": found, "ranks": ranks, "why": why, "unexplained": reason}


def _explainer(run: FinishedRun, group: RunGroup) -> tuple[Explainer | None, str]:
    """Explains scores of a run, or why they cannot be."""
    if group.texts is None:
        return None, "this data set holds features, not texts"
    try:
        # Without a shortlist of its own making: stored predictions are of all labels.
        alone = run.model.ranker.members[0].shortlister is None
        return Explainer(FrozenModel.freeze(run.model, shortlist="none" if alone else "auto")), ""
    except ValueError as error:
        return None, str(error)


def _as_values(explanation: Explanation, names: _Names) -> dict[str, Any]:
    """As ``predict --explain`` tells it, with labels by their place, pairs for objects, and fewer digits."""
    value = explanation.as_dict()
    for name in ("uid", "title", "score"):
        del value[name]
    for part in filter(None, (value, value["game"])):
        part["neighbours"] = [[names.of_uid(share["uid"]), share["share"]] for share in part["neighbours"]]
    value["tokens"] = [[share["token"], share["share"]] for share in value["tokens"]]
    return _rounded(value)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, _DIGITS) if isinstance(value, float) else value


def _short(texts: list[str] | None, i: int) -> str | None:
    if texts is None:
        return None
    return texts[i] if len(texts[i]) <= _LONGEST else texts[i][:_LONGEST] + "…"


class _Names:
    """Labels by the order in which they first come up."""

    def __init__(self, data: LFDataset) -> None:
        self._data = data
        self._label = {uid: label for label, uid in enumerate(data.label_uids)}
        self._place: dict[int, int] = {}

    def __call__(self, label: int) -> int:
        return self._place.setdefault(label, len(self._place))

    def of_uid(self, uid: str) -> int:
        return self(self._label[uid])

    def listed(self) -> list[list[Any]]:
        frequency = self._data.train_y.getnnz(axis=0)
        uids, titles = self._data.label_uids, self._data.label_titles
        return [[uids[label], titles[label], int(frequency[label])] for label in self._place]
