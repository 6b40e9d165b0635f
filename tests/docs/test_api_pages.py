"""The pages of the Python API have every exported name, and every name has a docstring that fits it."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest
from api_pages import doc_of, first_line, render_index, render_page, subpackages, write_pages

PACKAGES = subpackages()


def exported(package: str) -> list[str]:
    # A subpackage that needs an extra says which.
    return pytest.importorskip(package, exc_type=ImportError).__all__


def test_all_subpackages_with_names_have_a_page():
    assert {f"xcgraph.{name}" for name in ("data", "graph", "layers", "loader", "models", "serving")} <= {
        *PACKAGES
    }
    assert "xcgraph.cli" not in PACKAGES  # it has a page of commands
    for package in PACKAGES:
        assert exported(package)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_is_on_the_page_of_its_subpackage(package):
    names = exported(package)
    assert len(names) == len(set(names))
    table, *details = render_page(package).split("\n\n.. ")[3:]
    assert re.findall(r"^   \* - :py:obj:`~xcgraph\.\w+\.(\w+)`$", table, flags=re.MULTILINE) == names
    shown = [re.match(r"(?:auto|py:)(?:class|exception|function|data):: (\w+)", block) for block in details]
    own = {name for name in names if f":py:obj:`~{package}.{name}`" in table}
    assert {match[1] for match in shown if match} == own and own


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_has_a_docstring(package):
    assert exported(package)
    assert importlib.import_module(package).__doc__
    for name in exported(package):
        line = first_line(doc_of(package, name))
        assert len(line) > 10 and line.endswith("."), f"{package}.{name}: {line}"


def described_arguments(doc: str) -> list[str]:
    """The names that a docstring describes under "Args"."""
    section = re.search(r"^Args:\n((?: {4}.*\n|\n)+)", f"{inspect.cleandoc(doc)}\n", flags=re.MULTILINE)
    return re.findall(r"^ {4}\*{0,2}(\w+)(?:, \w+)*:", section[1], flags=re.MULTILINE) if section else []


@pytest.mark.parametrize("package", PACKAGES)
def test_described_arguments_are_taken(package):
    for name in exported(package):
        value = getattr(importlib.import_module(package), name)
        if not callable(value):
            continue
        members = vars(value).items() if inspect.isclass(value) else []
        functions = [(f"{name}.{key}", member) for key, member in members if inspect.isfunction(member)]
        for shown, function in [(name, value), *functions]:
            described = described_arguments(function.__doc__ or "")
            if described:
                taken = inspect.signature(function).parameters
                assert set(described) <= set(taken), f"{package}.{shown}: {set(described) - set(taken)}"


def test_arguments_are_found():
    assert described_arguments(
        "A.\n\n    Args:\n        x: a.\n            b: c\n        **y: z.\n\n    Returns:\n        q: r.\n"
    ) == [
        "x",
        "y",
    ]
    assert described_arguments("Nothing.") == []


def test_a_name_without_a_docstring_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "undescribed"
    folder.mkdir()
    (folder / "__init__.py").write_text("from .a import FULL, EMPTY, Row, f, __doc__\n")
    (folder / "a.py").write_text(
        "from typing import NamedTuple\nFULL: int = 1\n'''Some words.'''\nEMPTY = 2\nx = 3\n'''Words.'''\n"
        "class Row(NamedTuple):\n    a: int\ndef f(): pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert doc_of("undescribed", "FULL") == "Some words."
    for name in ("EMPTY", "Row", "f"):
        with pytest.raises(ValueError, match=f"undescribed.{name} has no docstring"):
            doc_of("undescribed", name)


def test_files_that_stay_the_same_are_left_alone(tmp_path):
    pytest.importorskip("xcgraph.serving", exc_type=ImportError)
    folder = tmp_path / "api"
    write_pages(folder)
    assert {path.name for path in folder.iterdir()} == {"index.inc", *(f"{name}.rst" for name in PACKAGES)}
    (folder / "xcgraph.gone.rst").write_text("Gone")
    (folder / "xcgraph.data.rst").write_text("Old")
    before = (folder / "xcgraph.layers.rst").stat().st_mtime_ns
    write_pages(folder)
    assert not (folder / "xcgraph.gone.rst").exists()
    assert (folder / "xcgraph.data.rst").read_text() == render_page("xcgraph.data")
    assert (folder / "xcgraph.layers.rst").stat().st_mtime_ns == before


def test_index_leads_to_all_pages():
    pytest.importorskip("xcgraph.serving", exc_type=ImportError)
    index = render_index()
    for package in PACKAGES:
        assert f":py:mod:`{package}`" in index and f"   api/{package}\n" in f"{index}\n"
