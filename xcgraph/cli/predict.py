"""``xcgraph-bench predict``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .completion import complete_file
from .errors import data_errors
from .model_dir import model_folder
from .options import device_option, model_argument, resolve_device

if TYPE_CHECKING:
    from xcgraph.inference import Predictor

_BATCH = 256


@click.command("predict", short_help="Tag texts with a trained model.")
@model_argument
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@click.option(
    "--input",
    "source",
    metavar="FILE|-",
    shell_complete=complete_file,
    help='A query a line: text, or json with "text", or with "title" and maybe "content"; plain or gzip. "-": '
    "stdin, each line answered at once.",
)
@click.option("-k", "k", type=click.IntRange(min=1), default=5, show_default=True, help="Labels a query.")
@click.option("--explain", is_flag=True, help="Say of each label what its score is made of.")
@device_option
def command(
    model_dir: str, texts: tuple[str, ...], source: str | None, k: int, explain: bool, device: str
) -> None:
    """Tag texts with the model of a finished run: a json line for each query, best label first.

    MODEL_DIR is the --out of a run, model/ in it, or what freeze wrote.
    """
    if bool(texts) == (source is not None):
        raise click.UsageError("give either TEXT or --input FILE (--input - reads stdin)")
    folder = model_folder(model_dir)
    device = resolve_device(device)
    from xcgraph.inference import Predictor

    with data_errors(str(folder)):
        predictor = Predictor.load(folder, device=device)
    queries: Iterable[str] = texts
    if source == "-":
        queries = _parse(_stdin_lines(), "stdin")
    elif source is not None:
        queries = _parse(_file_lines(source), source)
    # Titles may hold any character, a terminal may not.
    ascii_only = "utf" not in (getattr(sys.stdout, "encoding", None) or "").lower()
    for batch in _batches(queries, 1 if source == "-" else _BATCH):
        for text, labels in zip(batch, _answers(predictor, batch, k, explain, str(folder)), strict=True):
            answer = {"text": text, "labels": labels}
            line = json.dumps(answer, ensure_ascii=ascii_only)
            if not ascii_only and any("\ud800" <= character <= "\udfff" for character in text):
                line = json.dumps(answer)  # half of a pair cannot be written as UTF-8, but as json
            click.echo(line)  # and flushes


def _answers(
    predictor: Predictor, batch: list[str], k: int, explain: bool, folder: str
) -> Iterator[list[dict[str, Any]]]:
    """For each text its labels as json values."""
    if explain:
        for text in batch:
            with data_errors(folder):
                found = predictor.explain(text, k)
            yield [_rounded(explanation.as_dict()) for explanation in found]
        return
    for labels in predictor.predict(batch, k):
        yield [{"uid": uid, "title": title, "score": round(score, 6)} for uid, title, score in labels]


def _rounded(value: Any) -> Any:
    """All numbers in json values to six digits."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 6) if isinstance(value, float) else value


def _batches(queries: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(queries)
    while batch := list(islice(rest, size)):
        yield batch


def _file_lines(path: str) -> Iterator[tuple[int, str]]:
    from xcgraph.data.lines import read_lines
    from xcgraph.data.report import Report

    for number, line in read_lines(Path(path), Report()):
        assert line is not None  # this report raises errors
        yield number, line


def _stdin_lines() -> Iterator[tuple[int, str]]:
    from xcgraph.data import DataError

    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            yield number, line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise DataError(f"expected UTF-8, got byte 0x{line[error.start]:02x}", "stdin", number) from error


def _parse(lines: Iterable[tuple[int, str]], path: str) -> Iterator[str]:
    """The text of each line; what starts with a brace is taken for json."""
    from xcgraph.data import DataError

    for number, line in lines:
        if not line.lstrip().startswith("{"):
            yield line
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"expected text or a JSON object, got {line[:40]!r} ({error})", path, number
            ) from error
        given = [record[key] for key in ("text", "title", "content") if record.get(key) is not None]
        if not given or not all(isinstance(value, str) for value in given):
            raise DataError(
                f"expected 'text', or 'title' and 'content', to be strings, got {line[:60]!r}", path, number
            )
        yield given[0] if record.get("text") is not None else " ".join(part for part in given if part)
