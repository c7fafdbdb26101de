"""Configuration of the site: ``sphinx-build -W -n docs site``."""

import sys
from pathlib import Path

import fastmlp

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "extensions"))

project = "fastmlp"
author = copyright = "The fastmlp developers"
version = release = fastmlp.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "api_pages",
    "formulas",
    "links",
]
exclude_patterns = ["extensions"]
suppress_warnings = ["config.cache"]  # the sort key of the gallery is a function
nitpicky = True
smartquotes = False  # values of parameters are quoted
default_role = "literal"  # `links` makes references of names that have a page
toc_object_entries_show_parents = "hide"

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

autodoc_typehints = "none"  # numpydoc's sections name the types
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
viewcode_line_numbers = True

sphinx_gallery_conf = {
    "examples_dirs": [str(DOCS.parent / "examples")],
    "gallery_dirs": ["auto_examples"],
    "filename_pattern": r"\.py$",
    "download_all_examples": False,
    "show_signature": False,
    "remove_config_comments": True,
    "abort_on_example_error": True,
    "within_subsection_order": "gallery_order.LectureOrder",
    "backreferences_dir": None,
    "notebook_images": False,
    "write_computation_times": False,  # this page would load scripts from elsewhere
}

html_theme = "pydata_sphinx_theme"
html_title = "fastmlp"
html_sidebars = {"*": []}  # pages of the API and the gallery alone have neighbours
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "fastmlp"},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    # The tables of these need the width; their sections are few.
    "secondary_sidebar_items": {"**": ["page-toc"], "lecture": [], "conventions": []},
    "footer_start": ["copyright"],
    "footer_end": [],
    "navigation_depth": 2,
    "header_links_before_dropdown": 6,
}
