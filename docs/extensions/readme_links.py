"""Sphinx extension: links to README.md lead to the page that includes it.

On GitHub, where README.md is a page of its own, they work as they stand.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PAGE = "get-started"


def redirect(app: Sphinx, doctree: nodes.document) -> None:
    """Rewrites the links of one page."""
    readme = Path(app.srcdir).parent / "README"
    for node in doctree.findall(addnodes.pending_xref):
        if node.get("refdomain") == "doc" and Path(node["reftarget"]) == readme:
            node["reftarget"] = PAGE


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("doctree-read", redirect)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
