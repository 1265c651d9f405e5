"""How Sphinx builds the site: `tox -e docs`, into build/docs."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

# The extension beside this file.
sys.path.insert(0, str(Path(__file__).parent))

project = "scratchnet"
author = "The scratchnet authors"
project_copyright = author
release = version = version_of("scratchnet")

extensions = ["myst_parser", "sphinx.ext.autodoc", "prose"]

# The source is the whole repository, not this folder: a link that leaves docs/ is the
# same on the forge and here, and is followed and checked like any other.
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "benchmarks/README.md",
    "examples/README.md",
    "scratchnet/digits/README.md",
]
# The site's first page is in docs/, as its source: what is at the root leads there.
html_extra_path = ["_root"]
exclude_patterns = [".*", "build", "dist", "demo", "tests"]

# A type in a signature that nothing explains is an error, as a broken link is. Those of
# others are explained elsewhere; asking there would need the network.
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(collections|hypothesis|np|numpy|pathlib|rich)\..*"),
    # What of ours is public has an entry: a test says so. The rest is no promise.
    ("py:class", r"scratchnet\..*"),
]
smartquotes = False
highlight_language = "none"  # what a terminal shows has no language

myst_heading_anchors = 4

add_module_names = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
# Aliases stay what the source calls them; reference/types.md says what they are.
autodoc_type_aliases = {
    name: name
    for name in (
        *("Array", "Namespace", "Pullback", "Shape", "Axes", "Reduction", "Loss"),
        *("LayerPullback", "Initializer", "Verdict", "Edges", "HyperParameters"),
    )
}
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 80
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "scratchnet"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
