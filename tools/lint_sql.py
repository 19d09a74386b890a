"""Lints the SQL that other linters take for text constants, and the rules of the house.

    python -m tools.lint_sql [--root DIR]

Prints `file:line: rule: message` for each finding, and exits 1 if there is one. Rules:

    syntax               PostgreSQL's parser refuses the file, or a body
    one-function         a function file creates exactly one function
    file-name            the file is named for its function
    header-comment       the file begins with `-- name: why`
    comment-on           `comment on function` for that function
    revoke-public        `revoke all on function ... from public`
    search-path          a security definer pins its search_path, pg_temp last
    begin-atomic         a `language sql` body is parsed when it is created, not when it is called
    select-star          a statement names its columns
    unqualified-table    every table has its schema; names of a `with` query have none
    unqualified-function so has every function of ours
    ddl-in-body          a function reads and writes rows; migrations change the schema
    where-missing        an update or delete says which rows
    insert-columns       an insert names its columns
    not-in-query         `not exists`: `not in (select ...)` is never true once there is a null
    wall-clock           `now()` is the start of the transaction, not the time
    when-others          a handler names the condition it expects
    transaction-control  the transaction is the caller's
    volatility           a function says it, triggers excepted
    dynamic-sql          `execute` takes a constant or format() with %I and %L; values go by `using`
    lower-case           keywords and names are in lower case
    line-length, tab     100 columns, spaces
    AL01 and so on       of sqlfluff, for the statements in a body

Files of revision 0001 copy what deployed databases have: `_NOT_FOR_BASELINE` does not hold there.
Those from `ddl-in-body` to `volatility` hold for the live functions, see tools/body_rules.py.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import pglast
from pglast import ast
from pglast.parser import ParseError, scan
from sqlfluff.core import FluffConfig, Linter

from tools import body_rules, sql_tree
from tools.plpgsql import Fragment, body_of, fragments
from tools.sql_tree import Tree

__all__ = ["Finding", "lint_file", "lint_tree", "main"]

_LINE_COLUMNS_MAX = 100
_SEARCH_PATH = ("pg_catalog", "public", "pg_temp")
_BASELINE_PREFIX = "0001_"
_NOT_FOR_BASELINE = {
    "begin-atomic",
    "revoke-public",
    "search-path",
    "select-star",
    "AM04",  # sqlfluff's name for it
    "unqualified-function",
    "unqualified-table",
}
_NOT_FOR_FRAGMENTS = (
    "LT05",  # the columns are those of the file: line-length
    "LT12",  # a fragment does not end the file
    "LT09",  # `into` and `insert` have the same columns in the same order, several to a line
    "AL03",  # ... and give the names
    "RF01",  # records of plpgsql (new, v_item) are no tables
    "RF03",  # parameters and locals have no table; RF02 knows their prefixes
)
Kind = Literal["live", "frozen", "script"]

_STEM = re.compile(r"(?:\d{4}_)?(\w+)")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One broken rule; `path` is relative to the checkout, `line` counts from 1."""

    path: Path
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


def lint_tree(root: Path) -> list[Finding]:
    """Findings in the functions, frozen copies and scripts of a checkout."""
    live = sorted((root / "sqlfunctions").glob("*.sql"))
    frozen = sorted((root / "migrations" / "frozen").glob("*.sql"))
    scripts = sorted((root / "migrations" / "ddl").glob("*.sql"))
    ours = frozenset(_STEM.sub(r"\1", path.stem) for path in (*live, *frozen))
    linted: set[str] = set()
    findings: list[Finding] = []
    for path in (*live, *frozen, *scripts):
        text = path.read_text("utf-8")
        if path not in frozen or text not in linted:  # most are copies of live functions
            kind: Kind = "script" if path in scripts else "frozen" if path in frozen else "live"
            findings += lint_file(root, path, text, ours=ours, kind=kind)
        linted.add(text)
    return findings


def lint_file(
    root: Path, path: Path, text: str, *, ours: frozenset[str], kind: Kind
) -> list[Finding]:
    """Findings in one file.

    Args:
        root: of the checkout, with the configuration of sqlfluff.
        path: of the file, below `root`.
        text: of the file.
        ours: the names of the project's functions.
        kind: a live function, a frozen copy of one, or a script.
    """
    file = _File(root, path.stem, text, ours, kind)
    exempt = _NOT_FOR_BASELINE if path.name.startswith(_BASELINE_PREFIX) else set()
    return sorted(
        Finding(path.relative_to(root), line, rule, message)
        for line, rule, message in file.findings()
        if rule not in exempt
    )


@dataclass(frozen=True, slots=True)
class _File:
    root: Path
    stem: str
    text: str
    ours: frozenset[str]
    kind: Kind

    def findings(self) -> Iterator[tuple[int, str, str]]:
        yield from self._layout()
        yield from _upper_case(self.text, 1)
        try:
            trees = [_tree(raw) for raw in pglast.parse_sql(self.text)]
        except ParseError as error:
            yield self._line(error.args[1] or 0), "syntax", error.args[0]
            return
        if self.kind != "script":
            yield from self._function_file(trees)
        for tree, part in zip(trees, pglast.split(self.text, only_slices=True), strict=True):
            yield from self._statement(tree, self.text[part], self._line(part.start))

    def _layout(self) -> Iterator[tuple[int, str, str]]:
        for number, line in enumerate(self.text.splitlines(), 1):
            if len(line) > _LINE_COLUMNS_MAX:
                yield number, "line-length", f"{len(line)} columns, not {_LINE_COLUMNS_MAX}"
            if "\t" in line:
                yield number, "tab", "indent by four spaces"

    def _function_file(self, trees: list[Tree]) -> Iterator[tuple[int, str, str]]:
        functions: list[Tree] = [t for t in trees if isinstance(t, ast.CreateFunctionStmt)]
        if len(functions) != 1:
            yield 1, "one-function", f"creates {len(functions)} functions, not one"
            return
        name = functions[0].funcname[-1].sval
        if name not in (self.stem, _STEM.sub(r"\1", self.stem)):
            yield 1, "file-name", f"holds the function {name}"
        if not re.match(rf"-- {re.escape(name)}: \S", self.text):
            yield 1, "header-comment", f"must begin with '-- {name}: ' and why it exists"
        if not any(sql_tree.comments_on(tree, name) for tree in trees):
            yield 1, "comment-on", f"has no 'comment on function {name}'"
        if not any(sql_tree.revokes_from_public(tree, name) for tree in trees):
            yield 1, "revoke-public", f"has no 'revoke all on function {name} ... from public'"

    def _statement(self, tree: Tree, statement: str, line: int) -> Iterator[tuple[int, str, str]]:
        yield from self._names(tree, statement, line)
        body = body_of(statement, line)
        if isinstance(tree, ast.CreateFunctionStmt):
            definer, path = sql_tree.search_path_of(tree)
            if definer and path != _SEARCH_PATH:
                message = f"a security definer must set search_path = {', '.join(_SEARCH_PATH)}"
                yield line, "search-path", message
            if self.kind == "live":
                yield from _placed(body_rules.traps(tree), statement, line)
            if self.kind == "live" and not body_rules.says_volatility(tree):
                yield line, "volatility", "say volatile, stable or immutable"
            if sql_tree.language_of(tree) == "sql" and body is not None:
                yield line, "begin-atomic", "write the body as 'begin atomic ... end'"
                return
        elif not isinstance(tree, ast.DoStmt):
            return
        if body is not None:
            yield from _upper_case(body.text, body.line)
            try:
                for fragment in fragments(statement, body):
                    yield from self._fragment(fragment)
                if self.kind == "live":
                    yield from body_rules.control_to_avoid(statement, body)
            except ParseError as error:  # tells the word, not its position
                word = re.search(r'at or near "(.+)"', error.args[0])
                offset = body.text.find(word[1]) if word else 0
                at = body.line + body.text.count("\n", 0, max(offset, 0))
                yield at, "syntax", error.args[0]

    def _fragment(self, fragment: Fragment) -> Iterator[tuple[int, str, str]]:
        try:
            (tree,) = map(_tree, pglast.parse_sql(fragment.sql))
        except ParseError as error:
            yield fragment.line, "syntax", error.args[0]
            return
        yield from self._names(tree, fragment.source, fragment.line)
        if self.kind == "live":
            avoid = body_rules.statements_to_avoid(tree)
            yield from _placed(avoid, fragment.source, fragment.line)
        if fragment.is_dynamic and not sql_tree.is_safe_dynamic(tree):
            yield fragment.line, "dynamic-sql", "use a constant, or format() with %I and %L"
        if fragment.is_statement:
            yield from self._sqlfluff(fragment)

    def _names(self, tree: Tree, source: str, line: int) -> Iterator[tuple[int, str, str]]:
        yield from _placed(sql_tree.names_to_avoid(tree, self.ours), source, line)

    def _sqlfluff(self, fragment: Fragment) -> Iterator[tuple[int, str, str]]:
        text, cut_after, cut_lines = fragment.without_into()
        written = self.text.splitlines()[fragment.line - 1]
        indent = len(written) - len(written.lstrip())
        text = re.sub(rf"\n {{1,{indent}}}", "\n", text) if indent else text
        for violation in _linter(self.root).lint_string(f"{text};\n").get_violations():
            below = violation.line_no - 1
            line = fragment.line + below + (cut_lines if below > cut_after else 0)
            yield line, violation.rule_code(), violation.desc()

    def _line(self, offset: int) -> int:
        return 1 + self.text.count("\n", 0, offset)


def _placed(
    found: Iterator[tuple[str, str, str]], source: str, line: int
) -> Iterator[tuple[int, str, str]]:
    """Each finding at the line on which its spelling is first written."""
    for rule, message, spelling in found:
        match = re.search(rf"(?<![.\w]){re.escape(spelling)}(?!\w)", source)
        yield line + (source.count("\n", 0, match.start()) if match else 0), rule, message


def _tree(raw: ast.RawStmt) -> Tree:
    return raw.stmt


def _upper_case(sql: str, line: int) -> Iterator[tuple[int, str, str]]:
    """Of plpgsql too: its keywords are plain names to the scanner of SQL."""
    for token in scan(sql):
        word = sql[token.start : token.end + 1]
        is_word = token.kind != "NO_KEYWORD" or (token.name == "IDENT" and word[:1] != '"')
        if is_word and word != word.lower():
            yield line + sql.count("\n", 0, token.start), "lower-case", f"write {word.lower()}"


@cache
def _linter(root: Path) -> Linter:
    config = FluffConfig.from_path(str(root))
    excluded = [config.get("exclude_rules"), *_NOT_FOR_FRAGMENTS]
    return Linter(
        config=FluffConfig.from_path(
            str(root), overrides={"exclude_rules": ",".join(filter(None, excluded))}
        )
    )


def main(arguments: list[str] | None = None) -> int:
    """Lints a checkout; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.lint_sql", description="Lints SQL.")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    root = parser.parse_args(arguments).root.resolve()
    findings = lint_tree(root)
    for finding in findings:
        print(finding)
    if findings:
        print(f"{len(findings)} findings", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
