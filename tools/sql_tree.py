"""What the lint rules ask of a parse tree of pglast."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from pglast import ast
from pglast.enums import ObjectType, RoleSpecType
from pglast.visitors import Ancestor, Visitor

__all__ = [
    "Tree",
    "comments_on",
    "is_safe_dynamic",
    "language_of",
    "names_to_avoid",
    "revokes_from_public",
    "search_path_of",
]


Tree: TypeAlias = Any  # a node; the stubs of pglast make every attribute optional


def language_of(function: Tree) -> str:
    """Lower-case name of the function's language."""
    for option in function.options or ():
        if option.defname == "language":
            return str(option.arg.sval).lower()
    return "sql"


def search_path_of(function: Tree) -> tuple[bool, tuple[str, ...]]:
    """Whether it is a security definer, and the search_path that it pins."""
    definer, path = False, ()
    for option in function.options or ():
        if option.defname == "security":
            definer = bool(option.arg.boolval)
        elif option.defname == "set" and option.arg.name == "search_path":
            path = tuple(argument.val.sval for argument in option.arg.args or ())
    return definer, path


def comments_on(statement: Tree, function: str) -> bool:
    """Whether it is `comment on function ... is 'text'`."""
    if not isinstance(statement, ast.CommentStmt):
        return False
    target: Tree = statement.object
    return (
        statement.objtype == ObjectType.OBJECT_FUNCTION
        and target.objname[-1].sval == function
        and bool(statement.comment)
    )


def revokes_from_public(statement: Tree, function: str) -> bool:
    """Whether it is `revoke all on function ... from public`."""
    if not isinstance(statement, ast.GrantStmt) or statement.is_grant:
        return False
    objects: Tree = statement.objects
    grantees: Tree = statement.grantees
    return (
        statement.objtype == ObjectType.OBJECT_FUNCTION
        and statement.privileges is None
        and any(item.objname[-1].sval == function for item in objects)
        and any(role.roletype == RoleSpecType.ROLESPEC_PUBLIC for role in grantees)
    )


def is_safe_dynamic(select: Tree) -> bool:
    """Whether the one column of a select is a constant, or format() of one with %I and %L only."""
    value: Tree = select.targetList[0].val
    name: Tree = getattr(value, "funcname", None)
    if name is None:
        return isinstance(value, ast.A_Const)
    pattern = getattr(getattr(value.args[0], "val", None), "sval", None)
    if name[-1].sval != "format" or pattern is None:
        return False
    places = re.findall(r"%(?:\d+\$)?-?\d*(.)", pattern.replace("%%", ""))
    return all(place in "IL" for place in places)


def names_to_avoid(tree: Tree, ours: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """Rule, message and spelling of each name without its schema, and of each star.

    Args:
        tree: one statement.
        ours: the functions that must be called by schema and name.
    """
    local = _LocalTables()
    local(tree)
    names = _Names(ours, local.names)
    names(tree)
    yield from names.found


class _LocalTables(Visitor):
    """Names that a statement gives to tables itself."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def visit_CommonTableExpr(self, _: Ancestor, node: Tree) -> None:  # noqa: N802
        self.names.add(node.ctename)


class _Names(Visitor):
    def __init__(self, ours: frozenset[str], local: set[str]) -> None:
        super().__init__()
        self.ours = ours
        self.local = local
        self.found: list[tuple[str, str, str]] = []

    def visit_RangeVar(self, ancestors: Ancestor, node: Tree) -> None:  # noqa: N802
        names_an_alias = ast.LockingClause in ancestors  # for update of p
        if node.schemaname is None and node.relname not in self.local and not names_an_alias:
            message = f"the table {node.relname} has no schema"
            self.found.append(("unqualified-table", message, node.relname))

    def visit_FuncCall(self, _: Ancestor, node: Tree) -> None:  # noqa: N802
        name = node.funcname[-1].sval
        if len(node.funcname) == 1 and name in self.ours:
            message = f"the function {name} has no schema"
            self.found.append(("unqualified-function", message, name))

    def visit_ColumnRef(self, _: Ancestor, node: Tree) -> None:  # noqa: N802
        if isinstance(node.fields[-1], ast.A_Star):
            self.found.append(("select-star", "name the columns instead of '*'", "*"))
