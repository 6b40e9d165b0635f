"""How good are labels that were added after training? Hides some, trains without them, and adds them back.

    python benchmarks/new_labels.py debian-rse --text title --seeds 0,1,2

Hidden labels leave the training documents (one that is left without labels leaves too) and the vocabulary; test
documents stay. The model then gets them back by ``Predictor.add_labels``: from their titles alone, and once more
with the labels named that each occurs with most in the training documents, as somebody would who knows it. Beside
that stand matching of label texts (cosine of TF-IDF rows) and training with all labels. Results go to
``benchmarks/results/new_labels``, a file a seed.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from store import (
    RESULTS,
    check_replaced,
    code_state,
    full_command,
    provenance,
    read_metrics,
    store_options,
    write_text,
)

from xcgraph.cli.child import run_bench

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from xcgraph.data import Document, LFDataset
    from xcgraph.inference import FrozenIndex

SCHEMA = 1
_DEPTH = 100
_K = 10
_NEIGHBOURS = 5


@click.command()
@click.argument("data")
@click.option("--text", type=click.Choice(["all", "title"]), default="all", show_default=True)
@click.option("--seeds", default="0", show_default=True, metavar="N,...", help="Of hiding and training.")
@click.option(
    "--fraction", type=click.FloatRange(0, 1, True, True), default=0.1, show_default=True, help="Hidden."
)
@click.option("--set", "changes", multiple=True, metavar="KEY=VALUE", default=["preset=fast"], show_default=True)
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS / "new_labels", metavar="DIR")
@store_options
def main(
    data: str,
    text: str,
    seeds: str,
    fraction: float,
    changes: tuple[str, ...],
    results: Path,
    force: bool,
    note: str | None,
    built_by: str | None,
) -> None:
    """Measure labels that are added to a trained model of DATA, and store the result as json."""
    from xcgraph.datasets import load_dataset

    full = load_dataset(data, text=text)  # type: ignore[arg-type]
    for seed in [int(seed) for seed in seeds.split(",")]:
        commit, dirty = code_state()
        path = results / f"{full.name}-{text}-seed{seed}.json"
        check_replaced(path, dirty, force)
        with tempfile.TemporaryDirectory(prefix="xcgraph-") as temporary:
            result, metrics = _measure(data, full, text, seed, fraction, changes, Path(temporary))
        words = ["--text", text, "--seeds", str(seed), "--fraction", str(fraction)]
        words += [word for change in changes for word in ("--set", change)]
        command = full_command(["new_labels.py", full.name, *words], built_by)
        result["command"] = command.replace("xcgraph-bench new_labels.py", "python benchmarks/new_labels.py")
        result |= provenance(metrics, commit, dirty, note)
        write_text(path, json.dumps(result, indent=1) + "\n")
        for name, found in result["methods"].items():
            click.echo(f"seed {seed}, {name}: " + ", ".join(f"{key} {value:.2f}" for key, value in found.items()))
        click.echo(path)


def _measure(
    data: str, full: LFDataset, text: str, seed: int, fraction: float, changes: tuple[str, ...], work: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The result of one seed, and the metrics of the run without the hidden labels."""
    from scipy.sparse import load_npz

    from xcgraph.data import LFDataset
    from xcgraph.inference import Predictor

    hidden = hide(full.num_labels, fraction, seed)
    write_without(_folder(data), hidden, work / "data")
    for folder, out in ((str(work / "data"), "part"), (data, "all")):
        options = [word for change in changes for word in ("--set", change)]
        run_bench(
            ["run", folder, "--text", text, "--seed", str(seed), *options, "--out", str(work / out)], show=False
        )
    part = LFDataset.load(work / "data", text=text)  # type: ignore[arg-type]
    predictor = Predictor.load(work / "part" / "model")
    seen = np.flatnonzero(~np.isin(np.arange(full.num_labels), hidden))
    titles = [full.label_titles[label] for label in hidden]
    # Who shares no word with any label has no neighbours to be found, and cannot be added by its title.
    reachable = np.asarray((predictor.vectorizer.transform(titles) @ part.label_x.T).getnnz(axis=1)) > 0
    added = hidden[reachable]
    named = neighbours_of(full.train_y, added, seen)
    given = [{full.label_uids[other]: count for other, count in near.items()} or None for near in named]
    methods = {}
    truth, pairs = full.test_y, full.test_filter
    cosine = _best((full.test_x @ full.label_x.T).tocsr(), _DEPTH + 1)
    methods["text"] = measure(cosine, truth, pairs, hidden)
    methods["retrained"] = measure(
        _best(load_npz(work / "all" / "predictions.npz").tocsr(), _DEPTH), truth, pairs, hidden
    )
    old = predictor.index
    assert old is not None
    methods["without"] = measure(_ranked(old, part.test_x, seen), truth, pairs, hidden)
    uids = [full.label_uids[label] for label in added]
    order = np.concatenate([seen, added])
    for name, neighbours in (("added", None), ("added, neighbours given", given)):
        predictor.add_labels([full.label_titles[label] for label in added], uids, neighbours)
        assert predictor.index is not None
        methods[name] = measure(_ranked(predictor.index, part.test_x, order), truth, pairs, hidden)
        predictor.remove_labels(uids)
    test = full.test_y[:, hidden]
    sizes = {
        "labels": full.num_labels,
        "hidden": len(hidden),
        "not_addable": int((~reachable).sum()),
        "neighbours_given": sum(near is not None for near in given),
        "train_documents": int(part.train_x.shape[0]),
        "test_documents": int(full.test_x.shape[0]),
        "test_documents_with_hidden": int((np.diff(test.indptr) > 0).sum()),
    }
    metrics = read_metrics(work / "part")
    kept = {key: metrics[key] for key in ("seed", "model", "settings", "versions", "threads", "device")}
    data_sizes = {**metrics["data"], "name": full.name}
    return {"schema": SCHEMA, "text": text, "data": data_sizes, "sizes": sizes, "methods": methods, **kept}, {
        **metrics,
        "data": data_sizes,
    }


def hide(num_labels: int, fraction: float, seed: int) -> np.ndarray:
    """Labels to hide, ascending."""
    chosen = np.random.default_rng(seed).permutation(num_labels)[: max(1, round(num_labels * fraction))]
    return np.sort(chosen)


def write_without(folder: Path, hidden: np.ndarray, out: Path) -> None:
    """Writes a raw data folder without some labels, whose test documents are all there."""
    from xcgraph.data import write_raw_folder
    from xcgraph.data.filter_pairs import read_filter_pairs
    from xcgraph.data.folder_format import FILTER_FILES, RAW_FILES, find_file
    from xcgraph.data.raw_reader import iter_documents, iter_labels
    from xcgraph.data.report import Report

    report = Report()
    paths = {name: find_file(folder, files) for name, files in RAW_FILES.items()}
    for name, path in paths.items():
        if path is None:
            raise click.ClickException(f"{folder}: expected a raw data folder with {RAW_FILES[name][0]}")
    lbl, trn, tst = (path for name in ("lbl", "trn", "tst") if (path := paths[name]) is not None)
    labels = list(iter_labels(lbl, report))
    new = np.full(len(labels), -1)
    kept = np.delete(np.arange(len(labels)), hidden)
    new[kept] = np.arange(len(kept))

    def documents(path: Path) -> Iterator[Document]:
        for _, document in iter_documents(path, len(labels), report):
            assert document is not None  # this report raises errors
            targets = new[np.array(document.target_ind, dtype=np.int64)]
            yield document._replace(target_ind=targets[targets >= 0].tolist(), target_rel=None)

    def pairs(split: str) -> np.ndarray:
        found = read_filter_pairs(folder / FILTER_FILES[split], np.iinfo(np.int64).max, len(labels))
        found[:, 1] = new[found[:, 1]]
        return found[found[:, 1] >= 0]

    rest = [labels[label] for label in kept.tolist()]
    write_raw_folder(out, documents(trn), documents(tst), rest, pairs("train"), pairs("test"))


def neighbours_of(train_y: csr_matrix, labels: np.ndarray, others: np.ndarray) -> list[dict[int, float]]:
    """For each of ``labels`` those ``others`` that most training documents have beside it, with their counts."""
    together = (train_y[:, labels].T @ train_y[:, others]).tocsr()
    found = []
    for start, stop in zip(together.indptr[:-1], together.indptr[1:], strict=True):
        order = np.lexsort((together.indices[start:stop], -together.data[start:stop]))[:_NEIGHBOURS]
        columns, counts = together.indices[start:stop][order], together.data[start:stop][order]
        found.append(dict(zip(others[columns].tolist(), counts.tolist(), strict=True)))
    return found


def measure(ranked: np.ndarray, truth: csr_matrix, pairs: np.ndarray, hidden: np.ndarray) -> dict[str, float]:
    """Metrics of ranked labels ``[N, k]``, -1 for none, in percent.

    ``R@10 unseen``, ``R@10 seen``: recall of hidden and of other labels by the ten best labels of all, over the
    documents that have such; ``label R@10 unseen``: the same over hidden labels, each counting once, however many
    documents have it; ``unseen in top 10``: the share of hidden labels among what is answered.
    """
    from xcgraph.metrics.filter_predictions import filter_matrix, filter_predictions

    top = filter_predictions(ranked, None, pairs)[0][:, :_K]
    relevant = filter_matrix(truth, pairs)
    is_hidden = np.zeros(truth.shape[1], dtype=bool)
    is_hidden[hidden] = True
    hit = np.asarray(relevant[np.arange(len(top))[:, None], np.maximum(top, 0)].todense()) > 0
    hit &= top >= 0
    new = is_hidden[np.maximum(top, 0)] & (top >= 0)
    result = {}
    for name, chosen in (("unseen", is_hidden), ("seen", ~is_hidden)):
        wanted = np.asarray(relevant[:, chosen].getnnz(axis=1))
        found = (hit & (new == (name == "unseen"))).sum(axis=1)
        result[f"R@10 {name}"] = _percent(found[wanted > 0] / wanted[wanted > 0])
    wanted = np.asarray(relevant.getnnz(axis=0))[hidden]
    found = np.bincount(top[hit & new], minlength=truth.shape[1])[hidden]
    result["label R@10 unseen"] = _percent(found[wanted > 0] / wanted[wanted > 0])
    result["P@1"] = _percent(hit[:, 0])
    result["P@5"] = _percent(hit[:, :5].sum(axis=1) / 5)
    result["unseen in top 10"] = _percent(new)
    return result


def _percent(values: np.ndarray) -> float:
    return round(100 * float(values.mean()), 4) if values.size else float("nan")


def _best(scores: csr_matrix, k: int) -> np.ndarray:
    """The best columns of each row ``[N, k]``, equal scores by column; -1 where there are fewer."""
    out = np.full((scores.shape[0], k), -1, dtype=np.int64)
    for row, (start, stop) in enumerate(zip(scores.indptr[:-1], scores.indptr[1:], strict=True)):
        order = np.lexsort((scores.indices[start:stop], -scores.data[start:stop]))[:k]
        out[row, : len(order)] = scores.indices[start:stop][order]
    return out


def _ranked(index: FrozenIndex, x: csr_matrix, label_of: np.ndarray) -> np.ndarray:
    """The best labels of documents ``[N, V]``, by the ids that ``label_of`` gives them, ``[N, k]``."""
    rows = [
        label_of[index.rank(x.indices[start:stop], x.data[start:stop], _DEPTH, exact=True)[0]]
        for start, stop in zip(x.indptr[:-1], x.indptr[1:], strict=True)
    ]
    return np.stack(rows)


def _folder(data: str) -> Path:
    from xcgraph.datasets import data_root, find_dataset

    try:
        return data_root() / find_dataset(data).name
    except ValueError:
        return Path(data)


if __name__ == "__main__":
    main()
