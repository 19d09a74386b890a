"""The statements of an SQL file, cut by PostgreSQL's own parser, and what their trees say of them.

The parser is pglast, of the extra `plan`: whoever only migrates does not need it.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from ledgerdb.errors import ConfigurationError, MigrationError
from ledgerdb.migrate import frozen

__all__ = ["Statement", "Tree", "require_parser", "split"]

Tree: TypeAlias = Any  # a node of the optional pglast

_INSTALL: Final = "the parser of plans is not installed: pip install 'ledgerdb[plan]'"
_HEADLINE_CHARS_MAX: Final = 90
_COMMENT: Final = re.compile(r"--[^\n]*")
_ON_ROWS: Final = frozenset({"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "SelectStmt"})


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a file.

    Attributes:
        file: folder and name.
        line: where it begins.
        text: as it is sent, without the semicolon.
        tree: its node, of pglast.
    """

    file: str
    line: int
    text: str
    tree: Tree

    @property
    def kind(self) -> str:
        """The name of the parser's node, such as AlterTableStmt."""
        return type(self.tree).__name__

    @property
    def headline(self) -> str:
        """The statement on one line without comments and body, cut where it gets long."""
        words = self.flat
        if len(words) > _HEADLINE_CHARS_MAX:
            return words[: _HEADLINE_CHARS_MAX - 1].rstrip() + "…"
        return f"{words} $…$" if "$" in self.text else words

    @property
    def flat(self) -> str:
        """The statement on one line without comments, as far as its body."""
        return " ".join(_COMMENT.sub("", self.text.partition("$")[0]).split())

    @property
    def reads(self) -> frozenset[str]:
        """The tables that a statement on rows names, but for the one that it inserts into, and
        those that a new foreign key is checked against."""
        if self.kind == "AlterTableStmt":
            return frozenset(_referenced(self.tree))
        if self.kind not in _ON_ROWS:
            return frozenset()
        nodes = list(_nodes(self.tree))
        local = {node.ctename for node in nodes if type(node).__name__ == "CommonTableExpr"}
        target = self.tree.relation if self.kind == "InsertStmt" else None
        named = {
            node.relname
            for node in nodes
            if type(node).__name__ == "RangeVar" and node is not target
        }
        return frozenset(named - local)

    @property
    def in_transaction(self) -> bool:
        """Whether PostgreSQL runs it inside of a transaction block."""
        tree = self.tree
        concurrent = bool(getattr(tree, "concurrent", None))
        match self.kind:
            case "VacuumStmt":
                return not tree.is_vacuumcmd
            case "ReindexStmt":
                return not any(option.defname == "concurrently" for option in tree.params or ())
            case "IndexStmt" | "DropStmt":
                return not concurrent
            case _:
                return True


def require_parser() -> None:
    """The parser is there.

    Raises:
        ConfigurationError: the extra is not installed.
    """
    if importlib.util.find_spec("pglast") is None:
        raise ConfigurationError(_INSTALL)


def split(file: frozen.SqlFile) -> tuple[Statement, ...]:
    """The statements of a file, in order.

    Raises:
        ConfigurationError: the parser is not installed.
        MigrationError: the file is not SQL.
    """
    require_parser()
    parser = importlib.import_module("pglast.parser")
    pglast = importlib.import_module("pglast")
    try:
        slices = parser.split(file.text, only_slices=True)
        trees = pglast.parse_sql(file.text)
    except parser.ParseError as error:
        raise MigrationError(f"{file.label} cannot be parsed: {error}") from error
    return tuple(
        Statement(
            file=file.label,
            line=file.text.count("\n", 0, where.start) + 1,
            text=file.text[where],
            tree=raw.stmt,
        )
        for where, raw in zip(slices, trees, strict=True)
    )


def _referenced(alter_table: Tree) -> Iterator[str]:
    for command in alter_table.cmds:
        if command.subtype.name == "AT_AddConstraint":
            constraint = command.def_
            if constraint.contype.name == "CONSTR_FOREIGN" and not constraint.skip_validation:
                yield constraint.pktable.relname


def _nodes(tree: Tree) -> Iterator[Tree]:
    if isinstance(tree, tuple):
        for item in tree:
            yield from _nodes(item)
    elif hasattr(tree, "__slots__") and not isinstance(tree, str | bytes | int):
        yield tree
        for name in tree:
            yield from _nodes(getattr(tree, name))
