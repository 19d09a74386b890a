"""Finds the SQL inside a function body, and where in the file it is.

Linters take a `$$` body for a text constant. PostgreSQL's own parser (libpg_query, through pglast)
knows each statement and expression in it, and gives the line of the statement that holds it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pglast
from pglast.parser import parse_plpgsql_json, scan

__all__ = ["Body", "Fragment", "body_of", "fragments", "parsed"]

# RawParseMode of PostgreSQL
_STATEMENT, _EXPRESSION = 0, 2

# Types that the parser cannot look up, and refuses as elements of an array.
_OUR_TYPE = re.compile(r"\bpublic\.outbox_attempt_state(?=\[\])")

# The parser turns `perform f()` into this.
_PERFORM = re.compile(r"^SELECT\b")

_DYNAMIC_KEYS = {"PLpgSQL_stmt_dynexecute": "query", "PLpgSQL_stmt_dynfors": "query"}
_DYNAMIC_KEY = "dynquery"  # of `return query execute` and `open ... for execute`


@dataclass(frozen=True, slots=True)
class Body:
    """The text between the dollar quotes of a `create function` or `do` statement.

    Attributes:
        line: of the file, where `text` begins, from 1.
    """

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """One piece of SQL of a plpgsql body.

    Attributes:
        source: as written, an `into` clause included; `perform` is written as `select`.
        sql: a complete statement for a SQL parser: the same text with the `into` clause blanked,
            an expression behind `select`.
        line: of the file, where `source` begins, from 1.
        is_statement: a statement of its own, and not an expression or a dynamic query.
        is_dynamic: the value of the expression is executed.
    """

    source: str
    sql: str
    line: int
    is_statement: bool
    is_dynamic: bool

    def without_into(self) -> tuple[str, int, int]:
        """The source without its `into` clause, which only plpgsql has.

        Returns:
            The text; the line of it, from 0, after which lines are missing; how many.
        """
        pairs = zip(self.source, self.sql, strict=False)
        blanked = [
            at
            for at, (written, parsed) in enumerate(pairs)
            if parsed == " " and not written.isspace()
        ]
        if not blanked or not self.is_statement:
            return self.source, 0, 0
        kept = self.source[: blanked[0]].rstrip()
        cut = self.source[len(kept) : blanked[-1] + 1]
        return kept + self.source[blanked[-1] + 1 :], kept.count("\n"), cut.count("\n")


def body_of(statement: str, line: int) -> Body | None:
    """The dollar-quoted body of a statement that begins at a line of its file."""
    for token in scan(statement):
        quoted = statement[token.start : token.end + 1]
        if token.name == "SCONST" and (tag := re.match(r"\$\w*\$", quoted)):
            text = quoted[tag.end() : -tag.end()]
            return Body(text, line + statement.count("\n", 0, token.start))
    return None


def parsed(statement: str) -> str:
    """The tree of a plpgsql statement, as JSON.

    Raises:
        pglast.parser.ParseError: the body is not plpgsql.
    """
    return parse_plpgsql_json(_OUR_TYPE.sub("text", statement))


def fragments(statement: str, body: Body) -> Iterator[Fragment]:
    """Every piece of SQL of a plpgsql statement, in order.

    Raises:
        pglast.parser.ParseError: the body is not plpgsql.
    """
    line_starts = [0, *(match.end() for match in re.finditer("\n", body.text))]
    for owner_line, expression, is_dynamic in _expressions(
        json.loads(parsed(statement)), 1, is_dynamic=False
    ):
        query: str = expression["query"].lstrip()
        mode: int = expression["parseMode"]
        owner_start = line_starts[min(owner_line, len(line_starts)) - 1]
        start = _position(query, body.text, owner_start)
        yield Fragment(
            source=_written(query, body.text[start:]),
            sql=_as_statement(query, mode),
            line=body.line + body.text.count("\n", 0, start),
            is_statement=mode == _STATEMENT and not is_dynamic,
            is_dynamic=is_dynamic,
        )


def _position(query: str, text: str, owner_start: int) -> int:
    """Where the query is written, at or after the statement that holds it."""
    # Blanked `into` clauses aside, the text is the same; up to the first of them is enough.
    anchor = re.split(r"\n|\s{2}", query.strip(), maxsplit=1)[0]
    for spelling in (anchor, _PERFORM.sub("perform", anchor)):
        if (start := text.find(spelling, owner_start)) >= 0:
            return start
    return owner_start


def _written(query: str, text: str) -> str:
    if text[:7].lower() == "perform":
        return f"select{text[7 : len(query) + 1]}"
    return text[: len(query)]


def _expressions(
    node: object, line: int, *, is_dynamic: bool
) -> Iterator[tuple[int, dict[str, Any], bool]]:
    if isinstance(node, list):
        for child in node:
            yield from _expressions(child, line, is_dynamic=is_dynamic)
    elif isinstance(node, dict):
        line = max(node.get("lineno", line), 1)
        for key, child in node.items():
            if key == "PLpgSQL_expr":
                yield line, child, is_dynamic
            elif key in _DYNAMIC_KEYS:
                own_line = max(child.get("lineno", line), 1)
                query_key = _DYNAMIC_KEYS[key]
                yield from _expressions(child[query_key], own_line, is_dynamic=True)
                rest = {name: value for name, value in child.items() if name != query_key}
                yield from _expressions(rest, own_line, is_dynamic=False)
            else:
                yield from _expressions(child, line, is_dynamic=key == _DYNAMIC_KEY)


def _as_statement(query: str, mode: int) -> str:
    if mode == _STATEMENT:
        return query
    if mode == _EXPRESSION:
        return f"select {query}"
    for token in scan(query):  # an assignment
        if token.name in {"COLON_EQUALS", "ASCII_61"}:
            return f"select {query[token.end + 1 :]}"
    raise pglast.parser.ParseError(f"not an assignment: {query}")
