"""Sphinx extension: a page for each subpackage, made from its ``__all__`` when the docs are built."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Any

import xcgraph

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# In the order in which a reader meets them; subpackages that are not named here follow.
_FIRST = ("datasets", "data", "graph", "transforms", "layers", "sampler", "loader", "shortlist", "models")
_NOT_FOR_IMPORT = {"cli"}

_MEMBERS = ["   :members:", "   :special-members: __call__"]

_INDEX = """\
.. list-table::
   :class: names
   :widths: 35 65

{rows}

.. toctree::
   :hidden:

{pages}
"""


def subpackages() -> list[str]:
    """Full names of the subpackages that have a page."""
    found = [m.name for m in pkgutil.iter_modules(xcgraph.__path__) if m.ispkg and m.name not in _NOT_FOR_IMPORT]
    known = [name for name in _FIRST if name in found]
    return [f"xcgraph.{name}" for name in (*known, *sorted(set(found) - set(known)))]


def first_line(doc: str) -> str:
    """The first paragraph of a docstring on one line."""
    return " ".join(inspect.cleandoc(doc).split("\n\n")[0].split())


def kind_of(value: Any) -> str:
    """What an object is called in Sphinx's Python domain."""
    if inspect.isclass(value):
        return "exception" if issubclass(value, BaseException) else "class"
    return "function" if inspect.isroutine(value) else "data"


def doc_of(package: str, name: str) -> str:
    """What is written about an exported name; of a constant, the string below it in the source.

    Raises:
        ValueError: if nothing is.
    """
    value = getattr(importlib.import_module(package), name)
    if kind_of(value) == "data":
        doc = _constants(package).get(name)
    else:
        doc = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
    # Python gives dataclasses and named tuples without a docstring their signature for one.
    if not doc or doc.startswith(f"{name}("):
        raise ValueError(f"{package}.{name} has no docstring")
    return inspect.cleandoc(doc)


@cache
def _constants(package: str) -> dict[str, str]:
    """Strings that stand below an assignment in one of a subpackage's files, by the assigned name."""
    docs = {}
    for path in Path(importlib.import_module(package).__path__[0]).glob("*.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        for statement, after in pairwise(body):
            targets = getattr(statement, "targets", [getattr(statement, "target", None)])
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            match after:
                case ast.Expr(ast.Constant(str(doc))):
                    docs.update(dict.fromkeys(names, doc))
    return docs


def _home(value: Any, package: str) -> str:
    """The subpackage that an object is from: another may export it too."""
    parts = getattr(value, "__module__", package).split(".")
    return ".".join(parts[:2]) if kind_of(value) != "data" and parts[0] == "xcgraph" else package


def render_page(package: str) -> str:
    """The page of a subpackage: its docstring, a table of its names, and each of them in full."""
    module = importlib.import_module(package)
    table = [".. list-table::", "   :class: names", "   :widths: 35 65", ""]
    details: list[str] = []
    for name in module.__all__:
        value = getattr(module, name)
        home, kind, doc = _home(value, package), kind_of(value), doc_of(package, name)
        table += [f"   * - :py:obj:`~{home}.{name}`", f"     - {first_line(doc)}"]
        if home != package:
            continue
        if kind == "data":
            # autodoc looks for the text in the file that exports the name, not in the one that defines it.
            details += [f".. py:data:: {name}", "", indent(doc, "   "), ""]
        else:
            details += [f".. auto{kind}:: {name}", *([] if kind == "function" else _MEMBERS), ""]
    head = [package, "=" * len(package), "", f".. currentmodule:: {package}", ""]
    return "\n".join([*head, f".. automodule:: {package}", "   :no-members:", "", *table, "", *details])


def render_index() -> str:
    """A table of the pages, which ``docs/api.md`` includes."""
    names = subpackages()
    rows = [
        line
        for name in names
        for line in (
            f"   * - :py:mod:`{name}`",
            f"     - {first_line(importlib.import_module(name).__doc__ or '')}",
        )
    ]
    return _INDEX.format(rows="\n".join(rows), pages="\n".join(f"   api/{name}" for name in names))


def write_pages(folder: Path) -> None:
    """All pages as files; those that stay the same are left alone, so that Sphinx does not read them again."""
    pages = {"index.inc": render_index(), **{f"{name}.rst": render_page(name) for name in subpackages()}}
    folder.mkdir(exist_ok=True)
    for stale in {path.name for path in folder.iterdir()} - set(pages):
        (folder / stale).unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def escape_letters(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Keeps "dim: D." from being read as item D of a list."""
    lines[:] = [re.sub(r"^(\s+\w+: \w)\.$", r"\1\\.", line) for line in lines]


def restore_property(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """A property's text as it stands: Google's style takes what is before a colon for a type."""
    if what == "property":
        lines[:] = [*(inspect.getdoc(obj) or "").splitlines(), ""]


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    # Before and after the extension that reads Google's style, which has the priority 500.
    app.connect("autodoc-process-docstring", escape_letters, priority=400)
    app.connect("autodoc-process-docstring", restore_property, priority=600)
    app.connect("builder-inited", lambda app: write_pages(Path(app.srcdir) / "api"))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
