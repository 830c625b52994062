"""Sphinx: ``make docs``."""

from importlib.metadata import version as installed_version

project = "scrapy-riptide"
author = project_copyright = "the scrapy-riptide project"
version = release = installed_version("scrapy-riptide")

extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
# A dataclass's fields stand in its signature and, with their meaning, among its members.
autodoc_class_signature = "separated"
autodoc_preserve_defaults = True

html_theme = "furo"
html_title = f"scrapy-riptide {version}"
