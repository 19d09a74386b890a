"""Flat or nested, AND in AND means the same; nothing else is touched."""

from __future__ import annotations

import pytest

from ledgerdb.catalog._spelling import one_spelling


@pytest.mark.parametrize(
    ("nested", "flat"),
    [
        ("((a AND b) AND c)", "(a AND b AND c)"),
        ("(a AND (b AND (c AND d)))", "(a AND b AND c AND d)"),
        ("(((x >= 1) AND (x <= 2)) AND (y = 1))", "((x >= 1) AND (x <= 2) AND (y = 1))"),
        ("((a OR b) OR c)", "(a OR b OR c)"),
        ("f((((a >= 1) AND b) AND c), false)", "f(((a >= 1) AND b AND c), false)"),
        ("((a OR (b AND (c AND d))) OR e)", "(a OR (b AND c AND d) OR e)"),
    ],
)
def test_the_inner_parentheses_go(nested: str, flat: str) -> None:
    assert one_spelling({"definition": nested}) == {"definition": flat}
    assert one_spelling(flat) == flat


@pytest.mark.parametrize(
    "text",
    [
        "(a AND (b OR c))",
        "((a AND b) OR c)",
        "(a AND (NOT (b AND c)))",
        "(a AND ((b AND c) = d))",
        "(a AND f(b AND c))",
        "(a AND (b AND c) IS TRUE)",
        "(a AND (SELECT (b AND c)))",
        "(a = ' AND (b AND c)')",
        '(a = "x AND" AND ("AND (" = 1))',
        "((a ~ '(AND)') AND (b = 'it''s (x AND y)'))",
        "(a = 1)",
    ],
)
def test_what_means_something_else_stays(text: str) -> None:
    assert one_spelling(text) == text
    assert one_spelling([text]) == [text]
