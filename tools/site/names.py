"""The `ledgerdb-public` directive: every public name of a module, documented where it stands."""

from __future__ import annotations

import enum
from typing import Any, ClassVar

from docutils import nodes  # type: ignore[import-untyped]  # it has no types
from docutils.parsers.rst import directives  # type: ignore[import-untyped]  # it has no types
from sphinx.util.docutils import SphinxDirective

import ledgerdb

__all__ = ["PublicDirective", "public_names"]

_KINDS = ("class", "enum", "function")


def public_names(module: str, kind: str) -> list[str]:
    """Names of `ledgerdb.__all__` that live in a module (or below it), of one kind."""
    return [
        name
        for name in ledgerdb.__all__
        if _is_in(getattr(ledgerdb, name), module) and _kind(getattr(ledgerdb, name)) == kind
    ]


def _is_in(value: Any, module: str) -> bool:  # noqa: ANN401 - of any type
    return f"{value.__module__}.".startswith(f"{module}.")


def _kind(value: Any) -> str:  # noqa: ANN401 - of any type
    if not isinstance(value, type):
        return "function"
    return "enum" if issubclass(value, enum.Enum) else "class"


class PublicDirective(SphinxDirective):
    """`{ledgerdb-public} ledgerdb.rows` with `:kind:` class, enum or function."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "kind": lambda argument: directives.choice(argument, _KINDS),
        "members": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """What autodoc makes of each name."""
        kind = self.options.get("kind", "class")
        names = public_names(self.arguments[0], kind)
        if not names:
            raise self.error(f"ledgerdb has no public {kind} in {self.arguments[0]}")
        options = ["   :members:"] if "members" in self.options or kind == "enum" else []
        options += ["   :undoc-members:"] if kind == "enum" else []
        directive = "autofunction" if kind == "function" else "autoclass"
        lines = [line for n in names for line in (f".. {directive}:: ledgerdb.{n}", *options, "")]
        return self.parse_text_to_nodes("\n".join(["```{eval-rst}", *lines, "```"]))
