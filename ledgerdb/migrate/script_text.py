"""Texts within texts: values in SQL, queries in blocks, arguments of psql's commands."""

from __future__ import annotations

import re
import textwrap
from typing import Final

from psycopg import sql

__all__ = ["in_block", "literal", "psql_argument"]

_PARAMETER: Final = re.compile(r"(?<![:\w]):(\w+)")


def literal(value: str) -> str:
    """A value in SQL."""
    return sql.Literal(value).as_string()


def in_block(query: str, indent: int) -> str:
    """A query with `:parameters` in a block that has them as variables `v_parameters`."""
    text = textwrap.indent(textwrap.dedent(query), " " * indent).strip()
    return _PARAMETER.sub(r"v_\1", text)


def psql_argument(text: str) -> str:
    """A text as one argument of a command of psql."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
