"""The documentation site: `sphinx-build -n -W --keep-going docs build/site`. See ADR 0022."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # tools/ is no installed package

from ledgerdb import __version__  # noqa: E402

project = "ledgerdb"
author = "The ledgerdb authors"
copyright = "The ledgerdb authors, MIT licence"  # noqa: A001 - Sphinx's name for it
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "tools.site",
]
exclude_patterns = ["_static"]
# A block that is shortened with dots is no valid SQL or JSON, and is shown all the same.
suppress_warnings = ["misc.highlighting_failure"]
# A build reads nothing from a network: no other project's inventory, no font, no script.
nitpick_ignore_regex = [
    # Types of other libraries, and of typing.
    (
        "py:.*",
        r"(?:sqlalchemy|psycopg|alembic|typing|collections|datetime|decimal|os|uuid|pathlib|types)\..*",
    ),
    ("py:class", r"ledgerdb\..*\.T"),
    ("py:class", r"(?:UUID|datetime|date|Path|Any|Self|T|Sequence|Mapping|Iterator|Callable)"),
    ("py:class", r"(?:bool|bytes|dict|float|frozenset|int|list|object|set|str|tuple|type|None)"),
    ("py:class", r"(?:AsyncIterator|Awaitable|Connection|AsyncConnection|Engine|AsyncEngine)"),
    ("py:class", r"(?:MeterProvider|TracerProvider)"),
    ("py:class", r"(?:Exception|BaseException|TracebackType|enum\.\w+|IntEnum|StrEnum)"),
    # `x` in a docstring is a link where it names an object, and code where it does not.
    ("py:obj", r".*"),
]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
myst_all_links_external = False

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Attributes", "params_style")]  # types stand in the signature
default_role = "py:obj"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
add_module_names = False

html_theme = "furo"
html_title = f"ledgerdb {__version__}"
html_static_path = ["_static"]
html_css_files = ["ledgerdb.css"]
html_copy_source = False
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "github-dark"
copybutton_prompt_text = r"^\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
