"""What a function's body must not do, whatever it is written like: rules of `tools.lint_sql`.

A frozen copy cannot change any more: these rules hold for the live functions, so for new copies.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from pglast import ast
from pglast.enums import BoolExprType, SQLValueFunctionOp, SubLinkType
from pglast.visitors import Ancestor, Visitor

from tools.plpgsql import Body, parsed
from tools.sql_tree import Tree

__all__ = ["control_to_avoid", "says_volatility", "statements_to_avoid", "traps"]

_ROWS: Final = (
    ast.SelectStmt,
    ast.InsertStmt,
    ast.UpdateStmt,
    ast.DeleteStmt,
    ast.MergeStmt,
    ast.LockStmt,
)
_TRANSACTION_CLOCKS: Final = {"now", "transaction_timestamp"}
_CLOCK_WORDS: Final = {
    SQLValueFunctionOp.SVFOP_CURRENT_DATE,
    SQLValueFunctionOp.SVFOP_CURRENT_TIME,
    SQLValueFunctionOp.SVFOP_CURRENT_TIMESTAMP,
    SQLValueFunctionOp.SVFOP_LOCALTIME,
    SQLValueFunctionOp.SVFOP_LOCALTIMESTAMP,
}
_TRANSACTION_ENDS: Final = {"PLpgSQL_stmt_commit": "commit", "PLpgSQL_stmt_rollback": "rollback"}


def says_volatility(function: Tree) -> bool:
    """Whether it says volatile, stable or immutable, as all but triggers must."""
    returns: Tree = function.returnType
    if returns is not None and returns.names[-1].sval == "trigger":
        return True
    return any(option.defname == "volatility" for option in function.options or ())


def statements_to_avoid(tree: Tree) -> Iterator[tuple[str, str, str]]:
    """Rule, message and spelling of what one statement of a body does."""
    if not isinstance(tree, _ROWS):
        yield "ddl-in-body", "a body reads and writes rows; it does not change the schema", ""
        return
    yield from traps(tree)


def traps(tree: Tree) -> Iterator[tuple[str, str, str]]:
    """The same without `ddl-in-body`: also for a `create function` with a body of parsed SQL."""
    found = _Traps()
    found(tree)
    yield from found.found


class _Traps(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def _without_where(self, node: Tree) -> None:
        if node.whereClause is None:
            name = node.relation.relname
            self.found.append(("where-missing", f"every row of {name}: say which", name))

    def visit_UpdateStmt(self, _: Ancestor, node: Tree) -> None:  # noqa: N802
        self._without_where(node)

    def visit_DeleteStmt(self, _: Ancestor, node: Tree) -> None:  # noqa: N802
        self._without_where(node)

    def visit_InsertStmt(self, _: Ancestor, node: Tree) -> None:  # noqa: N802
        if node.cols is None and node.selectStmt is not None:
            message = "name the columns: a new one would move the others"
            self.found.append(("insert-columns", message, node.relation.relname))

    def visit_FuncCall(self, _: Ancestor, node: Tree) -> None:  # noqa: N802
        name = node.funcname[-1].sval
        if name in _TRANSACTION_CLOCKS:
            self._clock(name)

    def visit_SQLValueFunction(self, _: Ancestor, node: Tree) -> None:  # noqa: N802
        if node.op in _CLOCK_WORDS:
            self._clock("current_" if "CURRENT" in SQLValueFunctionOp(node.op).name else "local")

    def _clock(self, spelling: str) -> None:
        message = "is the start of the transaction: clock_timestamp() or statement_timestamp()"
        self.found.append(("wall-clock", message, spelling))

    def visit_BoolExpr(self, _: Ancestor, node: Tree) -> None:  # noqa: N802
        for argument in node.args:
            if isinstance(argument, ast.SubLink) and _is_not_in(node, argument):
                message = "is never true once the query has a null: not exists"
                self.found.append(("not-in-query", message, "not in"))


def _is_not_in(negation: Tree, link: Tree) -> bool:
    return bool(
        negation.boolop == BoolExprType.NOT_EXPR and link.subLinkType == SubLinkType.ANY_SUBLINK
    )


def control_to_avoid(statement: str, body: Body) -> Iterator[tuple[int, str, str]]:
    """Line, rule and message of what the plpgsql around the statements does."""
    for line, key, node in _nodes(json.loads(parsed(statement)), 1):
        at = body.line + line - 1
        if key == "PLpgSQL_condition" and node.get("condname") == "others":
            yield at, "when-others", "swallows errors that nobody thought of: name the condition"
        if key in _TRANSACTION_ENDS:
            message = f"{_TRANSACTION_ENDS[key]}: the transaction is the caller's"
            yield at, "transaction-control", message


def _nodes(node: Any, line: int) -> Iterator[tuple[int, str, dict[str, Any]]]:  # noqa: ANN401
    if isinstance(node, list):
        for child in node:
            yield from _nodes(child, line)
    elif isinstance(node, dict):
        line = max(node.get("lineno", line), 1)
        for key, child in node.items():
            if isinstance(child, dict):
                yield max(child.get("lineno", line), 1), key, child
            yield from _nodes(child, line)
