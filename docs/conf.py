"""Sphinx configuration: ``make docs``."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import xcgraph

_HERE = Path(__file__).parent
sys.path.insert(0, str(_HERE / "extensions"))

project = "xcgraph"
author = "the xcgraph developers"
release = version = xcgraph.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinx-mathjax-offline",
    "api_pages",
    "readme_links",
]
exclude_patterns = ["_build"]
smartquotes = False  # they would make one dash of the two of an option

html_theme = "furo"
html_title = "xcgraph"
html_show_copyright = False
html_static_path = ["static"]
html_css_files = ["xcgraph.css"]

myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88
napoleon_custom_sections = ["Shapes"]
napoleon_use_ivar = True

# Tutorials are executed when their cells or the package changed; an exception in one ends the build.
_CODE = b"".join(path.read_bytes() for path in sorted(Path(xcgraph.__file__).parent.rglob("*.py")))
nb_execution_mode = "cache"
nb_execution_cache_path = str(_HERE / "_build" / "executed" / hashlib.sha256(_CODE).hexdigest()[:16])
nb_execution_timeout = 900
nb_execution_raise_on_error = True
nb_execution_show_tb = True
# They run on the Python that builds the docs, and find its commands, whatever else the machine has.
os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])

# A reference in a docstring that leads nowhere ends the build, other than to the names of other packages.
nitpicky = True
_LIBRARIES = "torch|torch_geometric|torch_sparse|numpy|np|scipy|fastapi|pydantic"
_STANDARD = "collections|os|pathlib|socket|datetime"
nitpick_ignore_regex = [
    (r"py:\w+", rf"({_LIBRARIES}|{_STANDARD})\..*"),
    ("py:class", r"csr_matrix|Tensor|Report|\w+\[.*"),  # imported for type checkers alone
    (r"py:\w+", r"xcgraph\.\w+\.\w+\..*"),  # what no subpackage exports
]
