"""From two tables to a tagger: import, check, train, explain, add a label without training, save, load again."""

from __future__ import annotations

import csv
import tempfile
from contextlib import nullcontext
from pathlib import Path

import click

from xcgraph.data import LFDataset, TableLayout, examine_folder, import_tables, read_documents, read_labels
from xcgraph.datasets import build_dataset, data_root, load_dataset
from xcgraph.inference import Predictor
from xcgraph.training import make_settings, run_benchmark

DOCUMENTS = TableLayout(title="summary", labels="goes_with", uid="package", split="split")
LABELS = TableLayout(title="summary", labels=None, uid="package")
TABLE = click.Path(path_type=Path, exists=True, dir_okay=False)


def write_tables(source: Path, folder: Path, every: int = 1) -> tuple[Path, Path]:
    """Writes a data set as somebody would have it: two CSV files, labels by name.

    Args:
        source: a raw data folder.
        folder: gets ``packages.csv`` and ``labels.csv``.
        every: keep one document of so many, and the labels that training documents then have.

    Returns:
        The paths of both.
    """
    labels = list(read_labels(source / "lbl.json.gz"))
    named: dict[str, str] = {}
    with (folder / "packages.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["package", "summary", "goes_with", "split"])
        for split, name in (("train", "trn.json.gz"), ("test", "tst.json.gz")):
            for document in list(read_documents(source / name, len(labels)))[::every]:
                near = [labels[label] for label in document.target_ind]
                if split == "train":
                    named |= {label.uid: label.title for label in near}
                table.writerow([document.uid, document.title, ";".join(label.uid for label in near), split])
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("package", "summary"), *named.items()])
    return folder / "packages.csv", folder / "labels.csv"


def prepare(documents: Path, labels: Path, folder: Path) -> LFDataset:
    """Tables to a data folder, looked over before anything is trained on it.

    Raises:
        click.ClickException: the folder has errors.
    """
    report = import_tables(folder, [documents], DOCUMENTS, label_file=labels, label_layout=LABELS, unlisted="drop")
    click.echo(f"{report.train:,} training and {report.test:,} test documents, {report.labels:,} labels")
    problems, health = examine_folder(folder)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise click.ClickException(str(errors[0]))
    for finding in health.findings if health else ():
        click.echo(f"worth a look: {finding}")
    return LFDataset.load(folder, text="title")


def show(predictor: Predictor, text: str, k: int = 3) -> None:
    """The best labels of a text, with what the first one's score is made of."""
    click.echo(f"\n{text!r}")
    for _, title, score in predictor.predict([text], k)[0]:
        click.echo(f"  {score:.3f}  {title}")
    (best, *_) = predictor.explain(text, 1)
    click.echo("  because of " + ", ".join(f"{token} {share:+.1f}" for token, share in best.tokens[:3]))


@click.command()
@click.option("--documents", type=TABLE, help="CSV with the columns package, summary, goes_with, split.")
@click.option("--labels", type=TABLE, help="CSV with the columns package, summary.")
@click.option("--query", default="terminal multiplexer", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="A new folder, for tables, data, run and model.")
@click.option("--quick", is_flag=True, help="A run of seconds: a small synthetic data set.")
def main(documents: Path | None, labels: Path | None, query: str, out: Path | None, quick: bool) -> None:
    """Train a tagger on two tables, explain an answer, add a label, save it.

    Without tables, some are made of debian-rse.
    """
    if (documents is None) != (labels is None):
        raise click.UsageError("give both --documents and --labels, or neither")
    with nullcontext(out) if out else tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        changes: dict[str, object] = {"preset": "fast"}
        if quick:
            documents = labels = None
            build_dataset("planted", folder / "source", num_labels=60)
            changes |= {"dim": 16, "max_epochs": 2, "min_epochs": 1}
        if documents is None or labels is None:
            if not quick:
                load_dataset("debian-rse", text="title")  # builds it where it is not there
            documents, labels = write_tables(folder / "source" if quick else data_root() / "debian-rse", folder)

        data = prepare(documents, labels, folder / "data")
        settings = make_settings("eclare", "default", changes)
        metrics = run_benchmark(data, folder / "run", settings=settings, seed=0)
        click.echo(", ".join(f"{name} {metrics[name]:.2f}" for name in ("P@1", "P@5", "PSP@5", "R@10")))

        predictor = Predictor.load(folder / "run" / "model")
        if quick:  # in the words of those data
            query = predictor.label_titles[0]
        show(predictor, query)
        # Beside the labels that are found now: its documents will have them, too.
        near = [uid for uid, _, _ in predictor.predict([query], 3)[0]]
        predictor.add_labels([query], ["a-new-label"], [near])
        show(predictor, query)
        predictor.save(folder / "model")
        again = Predictor.load(folder / "model")
        assert again.predict([query]) == predictor.predict([query])
        click.echo(f"\nsaved and read again: {len(again.label_uids):,} labels")


if __name__ == "__main__":
    main()
