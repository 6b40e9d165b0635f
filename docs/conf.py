"""Sphinx configuration: ``make docs``."""

from __future__ import annotations

import xcgraph

project = "xcgraph"
author = "the xcgraph developers"
release = version = xcgraph.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]
html_theme = "furo"
html_title = "xcgraph"
exclude_patterns = ["_build"]

myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3

# Tutorials are executed when they or the code they use changed; an exception in one ends the build.
nb_execution_mode = "cache"
nb_execution_timeout = 900
nb_execution_raise_on_error = True
nb_execution_show_tb = True
