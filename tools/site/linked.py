"""Names link themselves: `IdempotencyConflict`, `claim_outbox_items` or `P7101` between backticks,
in a page or in a docstring, leads to its class, its function or its runbook.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from docutils import nodes  # type: ignore[import-untyped]  # it has no types
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.util.nodes import make_refnode

from tools.site.repository import DOCS, ROOT

__all__ = ["LinkedNames", "resolve_name"]

_PYTHON: Final = re.compile(r"[A-Z][a-z]\w*(?:\.[a-z_]\w*)?")
_REFERENCE: Final = "reference"
_RUNBOOKS: Final = "runbooks/sqlstates"


@cache
def _functions() -> frozenset[str]:
    return frozenset(path.stem for path in (ROOT / "sqlfunctions").glob("*.sql"))


@cache
def _codes() -> frozenset[str]:
    return frozenset(path.stem for path in (DOCS / _RUNBOOKS).glob("*.md"))


class LinkedNames(SphinxTransform):
    """Asks for a link where a code span is a name; Sphinx resolves it, or leaves the code."""

    default_priority = 6

    def apply(self, **_: Any) -> None:  # noqa: ANN401 - the signature of docutils
        """Looks at every code span that is in no link and no title."""
        for node in list(self.document.findall(nodes.literal)):
            name = node.astext()
            known = name in _functions() or name in _codes() or _PYTHON.fullmatch(name)
            if known and not _is_inside(
                node, (nodes.reference, nodes.title, addnodes.pending_xref)
            ):
                node.replace_self(
                    addnodes.pending_xref(
                        "",
                        node.deepcopy(),
                        refdomain="py",
                        reftype="obj",
                        reftarget=name,
                        refdoc=self.env.current_document.docname,
                        refexplicit=True,
                        **{"py:module": "ledgerdb", "py:class": None},
                    )
                )


def _is_inside(node: nodes.Node, kinds: tuple[type, ...]) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


def resolve_name(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.Element
) -> nodes.Element | None:
    """The link to a function or a runbook; None where the name is neither."""
    name = node.get("reftarget")
    here = node.get("refdoc", "")
    if node.get("reftype") != "obj":
        return None
    if name in _codes():
        page = f"{_RUNBOOKS}/{name}"
        return None if page == here else make_refnode(app.builder, here, page, None, content)
    slugs = env.metadata[_REFERENCE].get("myst_slugs", {})
    if name in _functions() and name in slugs:
        return make_refnode(app.builder, here, _REFERENCE, slugs[name][1], content)
    return None
