from __future__ import annotations

import click
import pytest
import torch

from xcgraph.cli.options import flag, resolve_device


def test_device(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [resolve_device(name) for name in ("auto", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert [resolve_device(name) for name in ("auto", "cpu")] == ["cpu", "cpu"]
    with pytest.raises(click.UsageError, match="take --device cpu"):
        resolve_device("cuda")


def test_flag():
    command = click.Command("c", params=[click.Option(["-n", "--number", "num"]), click.Option(["-k", "k"])])
    with click.Context(command):
        assert [flag(name) for name in ("num", "k", "other")] == ["--number", "-k", "other"]
