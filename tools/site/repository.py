"""Links that leave docs/: the page that includes the file, or a page that shows its source.

The Markdown of docs/ is read on a code host too, so a link is the path of a file in the
repository. On the site such a path leads to the page that includes the file (`INCLUDED`), or to a
page below `source/` that is made here, as Sphinx's viewcode makes its pages: never a broken link,
and no copy of a file that could grow old.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from docutils import nodes  # type: ignore[import-untyped]  # it has no types
from pygments.lexers import get_lexer_for_filename  # type: ignore[import-untyped]  # it has no types
from pygments.util import ClassNotFound  # type: ignore[import-untyped]  # it has no types
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.transforms import SphinxTransform
from sphinx.util.osutil import relative_uri

__all__ = ["DOCS", "INCLUDED", "ROOT", "RepositoryLinks", "source_pages"]

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = ROOT / "docs"
# A file or folder outside of docs/ (or a folder in it) -> the page that stands for it.
INCLUDED: Final = {
    "README.md": "index",
    "bench/METHOD.md": "explanation/performance-method",
    "CHANGELOG.md": "project/changelog",
    "CONTRIBUTING.md": "project/contributing",
    "docs/adr": "explanation/decisions",
    "evidence": "reference/evidence",
    "evidence/README.md": "reference/evidence",
    "examples/alembic-project": "how-to/example-alembic-project",
    "examples/alembic-project/README.md": "how-to/example-alembic-project",
    "examples/high-availability": "how-to/example-high-availability",
    "examples/high-availability/README.md": "how-to/example-high-availability",
    "examples/monitoring": "how-to/example-monitoring",
    "examples/monitoring/README.md": "how-to/example-monitoring",
    "examples/services": "how-to/services",
    "examples/services/README.md": "how-to/services",
    "sqlfunctions": "reference/sql-functions",
    "sqlfunctions/README.md": "reference/sql-functions",
}
_METADATA: Final = "repository_paths"  # of a page: which files it links to
_SOURCE: Final = "source/"
_HIDDEN: Final = {"__pycache__", ".venv"}
_CHARS_MAX: Final = 200_000  # of a file of data, its beginning is enough to see what it is


class RepositoryLinks(SphinxTransform):
    """Turns links to files outside of docs/ into links to pages of the site."""

    default_priority = 5

    def apply(self, **_: Any) -> None:  # noqa: ANN401 - the signature of docutils
        """Looks at every link that MyST left to be resolved."""
        for node in list(self.document.findall(nodes.Element)):
            if (
                isinstance(node, addnodes.pending_xref | addnodes.download_reference)
                and node.get("reftype") == "myst"
            ):
                self._resolve(node)

    def _resolve(self, node: nodes.Element) -> None:
        path, anchor = self._file(node)
        if path is None:
            return  # a page of docs/, or nothing: MyST links to it, or warns
        page = INCLUDED.get(path.as_posix())
        if page is not None:
            node.replace_self(_cross_reference(node, page, anchor))
            return
        docname = self.env.current_document.docname
        self.env.metadata[docname].setdefault(_METADATA, set()).add(path.as_posix())
        uri = relative_uri(f"{docname}.html", f"{_SOURCE}{path.as_posix()}.html")
        reference = nodes.reference("", "", *node.children, internal=True, refuri=uri)
        node.replace_self(reference)

    def _file(self, node: nodes.Element) -> tuple[Path | None, str | None]:
        """The file of the repository that a link means, and the anchor in it."""
        target, _, anchor = unquote(str(node["reftarget"])).partition("#")
        source = Path(node.source or self.document["source"]).resolve()
        base = source.parent
        if node.get("refdomain") == "doc":  # relative to docs/, or absolute where it leaves it
            base, target, anchor = DOCS, f"{target}.md", node.get("reftargetid") or ""
        if not target:
            return None, None
        file = (base / target).resolve()
        if not file.exists() or not file.is_relative_to(ROOT):
            return None, None
        path = file.relative_to(ROOT)
        of_the_site = file.is_relative_to(DOCS) and file.suffix == ".md"
        if of_the_site and source.is_relative_to(DOCS):
            return None, None
        if of_the_site:  # from an included file: its path is not relative to the page
            page = file.relative_to(DOCS).with_suffix("").as_posix()
            node.replace_self(_cross_reference(node, page, anchor or None))
            return None, None
        return path, anchor or None


def _cross_reference(node: nodes.Element, page: str, anchor: str | None) -> addnodes.pending_xref:
    made = addnodes.pending_xref(
        "",
        *node.children,
        refdomain="doc",
        reftype="myst",
        reftarget=page,
        reftargetid=anchor,
        refdoc=node["refdoc"],
        refexplicit=True,
    )
    made.source, made.line = node.source, node.line
    return made


def source_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """A page for each file and folder that is linked to: name, context and template."""
    builder = app.builder
    if not isinstance(builder, StandaloneHTMLBuilder):
        return
    linked: set[str] = set()
    for metadata in app.env.metadata.values():
        linked |= metadata.get(_METADATA, set())
    # what a folder lists has pages too
    for path in sorted(linked):
        linked |= {file.as_posix() for file in _listed(ROOT / path)}
    for path in sorted(linked):
        title = html.escape(path)
        body = _listing(path) if (ROOT / path).is_dir() else _source(builder, ROOT / path)
        yield (
            f"{_SOURCE}{path}",
            {"title": title, "parents": [], "body": f"<h1><code>{title}</code></h1>\n{body}"},
            "page.html",
        )


def _listed(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    files = (file for file in folder.rglob("*") if file.is_file())
    return sorted(
        relative for file in files if not _HIDDEN & set((relative := file.relative_to(ROOT)).parts)
    )


def _listing(path: str) -> str:
    here = f"{_SOURCE}{path}.html"
    rows = (
        f'<li><a href="{html.escape(relative_uri(here, f"{_SOURCE}{file.as_posix()}.html"))}">'
        f"<code>{html.escape(file.relative_to(path).as_posix())}</code></a></li>"
        for file in _listed(ROOT / path)
    )
    return f"<ul>{''.join(rows)}</ul>"


def _source(builder: StandaloneHTMLBuilder, file: Path) -> str:
    try:
        lexer = get_lexer_for_filename(file.name).aliases[0]
    except (ClassNotFound, IndexError):
        lexer = "text"
    text = file.read_text("utf-8", errors="replace")
    shown = text[:_CHARS_MAX].rpartition("\n")[0] if len(text) > _CHARS_MAX else text
    note = "" if shown == text else f"<p>The first {len(shown):,} characters of {len(text):,}.</p>"
    return note + builder.highlighter.highlight_block(shown, lexer, linenos="inline", force=True)
