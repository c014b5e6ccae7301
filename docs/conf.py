"""Settings of Sphinx: `pip install '.[docs]' && sphinx-build docs build/docs`."""

import cairnet as cn

project = "Cairnet"
author = "The Cairnet authors"
copyright = "2026, The Cairnet authors"
version = release = cn.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = f"Cairnet {release}"

# The Markdown files link to each other's sections by the names that GitHub gives them.
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "description"
