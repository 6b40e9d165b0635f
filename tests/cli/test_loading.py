from __future__ import annotations

import click
import pytest

from xcgraph import datasets
from xcgraph.cli.console import Console
from xcgraph.cli.loading import load, load_default
from xcgraph.data import DataError


def test_load(folder, capsys):
    assert load(str(folder), "title", Console()).num_labels == 20
    assert "tiny: 45 training and 21 test documents, 20 labels" in capsys.readouterr().err
    with pytest.raises(click.UsageError, match="did you mean 'debian'"):
        load("debain", "all", Console())
    with pytest.raises(DataError, match="expected a data folder"):
        load("./absent", "all", Console())


def test_default_where_debian_cannot_be_built(monkeypatch, capsys):
    monkeypatch.setattr(datasets, "available", lambda name: (False, "no apt"))
    name, data = load_default("all", Console())
    assert (name, data.num_labels) == ("planted", 1000)
    assert "planted, which is synthetic, since debian-rse cannot be built here (no apt)" in capsys.readouterr().err


def test_default_where_debian_can_be_built(monkeypatch, folder, capsys):
    monkeypatch.setattr(datasets, "available", lambda name: (True, "it is there"))
    real = datasets.load_dataset
    monkeypatch.setattr(datasets, "load_dataset", lambda name, **kw: asked.append(name) or real(folder, **kw))
    asked: list[str] = []
    assert load_default("all", Console())[0] == "debian-rse" and asked == ["debian-rse"]
    assert "debian-rse (it is there)" in capsys.readouterr().err


def test_default_where_debian_could_not_be_fetched(monkeypatch, folder, capsys):
    def fetch(name, **kwargs):
        if name == "debian-rse":
            raise DataError("no network")
        return real(folder, **kwargs)

    real = datasets.load_dataset
    monkeypatch.setattr(datasets, "available", lambda name: (True, "to be fetched"))
    monkeypatch.setattr(datasets, "load_dataset", fetch)
    assert load_default("all", Console())[0] == "planted"
    assert "(no network)" in capsys.readouterr().err
