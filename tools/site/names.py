"""The `ledgerdb-public` directive: every public name of a module, documented where it stands."""

from __future__ import annotations

import enum
from importlib import import_module
from typing import Any, ClassVar

from docutils import nodes  # type: ignore[import-untyped]  # it has no types
from docutils.parsers.rst import directives  # type: ignore[import-untyped]  # it has no types
from sphinx.util.docutils import SphinxDirective

__all__ = ["PublicDirective", "public_names"]

_KINDS = ("class", "enum", "function")


def public_names(module: str, kind: str, package: str = "ledgerdb") -> list[str]:
    """Names of a package's `__all__` that live in a module (or below it), of one kind."""
    there = import_module(package)
    values = {name: getattr(there, name) for name in there.__all__}
    return [n for n, value in values.items() if _is_in(value, module) and _kind(value) == kind]


def _is_in(value: Any, module: str) -> bool:  # noqa: ANN401 - of any type
    of = getattr(value, "__module__", "")  # a constant has none
    return f"{of}.".startswith(f"{module}.")


def _kind(value: Any) -> str:  # noqa: ANN401 - of any type
    if not isinstance(value, type):
        return "function"
    return "enum" if issubclass(value, enum.Enum) else "class"


class PublicDirective(SphinxDirective):
    """`{ledgerdb-public} ledgerdb.rows`, with `:kind:` class, enum or function and, for names that
    `ledgerdb` itself does not have, `:package:`.
    """

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "kind": lambda argument: directives.choice(argument, _KINDS),
        "members": directives.flag,
        "package": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """What autodoc makes of each name."""
        kind = self.options.get("kind", "class")
        package = self.options.get("package", "ledgerdb")
        names = public_names(self.arguments[0], kind, package)
        if not names:
            raise self.error(f"{package} has no public {kind} in {self.arguments[0]}")
        options = ["   :members:"] if "members" in self.options or kind == "enum" else []
        options += ["   :undoc-members:"] if kind == "enum" else []
        directive = "autofunction" if kind == "function" else "autoclass"
        lines = [line for n in names for line in (f".. {directive}:: {package}.{n}", *options, "")]
        return self.parse_text_to_nodes("\n".join(["```{eval-rst}", *lines, "```"]))
