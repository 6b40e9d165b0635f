"""Links to README.md lead to the page that includes it, others where they led."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from blocks import ROOT


def test_redirect():
    pytest.importorskip("sphinx", reason="needs the extra 'docs'")
    from docutils.utils import new_document
    from readme_links import PAGE, redirect
    from sphinx.addnodes import pending_xref

    page = new_document("page")
    targets = [str(ROOT / "README"), "cli", str(ROOT / "docs" / "README")]
    page += [pending_xref(refdomain="doc", reftarget=target, reftargetid="results") for target in targets]
    page += pending_xref(refdomain="py", reftarget="xcgraph")
    redirect(SimpleNamespace(srcdir=ROOT / "docs"), page)
    found = [(node["reftarget"], node.get("reftargetid")) for node in page.findall(pending_xref)]
    assert found == [(PAGE, "results"), ("cli", "results"), (targets[2], "results"), ("xcgraph", None)]
    assert (ROOT / "docs" / f"{PAGE}.md").is_file()
