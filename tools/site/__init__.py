"""What the documentation site (docs/) needs beside Sphinx and MyST: links into the repository, and
reference pages read from the code. See ADR 0022.
"""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from tools.site.commands import CommandsDirective
from tools.site.consoles import PromptlessConsoles
from tools.site.linked import LinkedNames, resolve_name
from tools.site.names import PublicDirective
from tools.site.repository import RepositoryLinks, source_pages
from tools.site.sqlstates import RaisedByDirective

__all__ = ["setup"]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Sphinx calls this."""
    app.add_directive("ledgerdb-commands", CommandsDirective)
    app.add_directive("ledgerdb-public", PublicDirective)
    app.add_directive("ledgerdb-raised-by", RaisedByDirective)
    app.add_transform(RepositoryLinks)
    app.add_transform(PromptlessConsoles)
    app.add_transform(LinkedNames)
    app.connect("missing-reference", resolve_name)
    app.connect("html-collect-pages", source_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
