"""Tables and columns against the baseline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ledgerdb.migrate.adopt.finding import Change, Effect, Finding
from ledgerdb.migrate.adopt.look import Look
from ledgerdb.migrate.adopt.surface import Column

__all__ = ["columns", "tables"]

# A default that is the same for every row is kept in the catalog; another rewrites the table.
_SAME_FOR_ALL: Final = re.compile(r"'[^']*'::\w+|\d+|now\(\)")


def tables(look: Look) -> Iterator[Finding]:
    """Kind of table, storage options, row security, rules, children."""
    for name, wanted in look.reference.baseline.tables.items():
        found = look.found.tables.get(name)
        if found is None:
            yield Finding(
                "table",
                name,
                Effect.BLOCKS,
                "missing, and every state since 0019 has it: restore it before anything else",
            )
            continue
        if found.kind != wanted.kind:
            yield Finding(
                "table",
                name,
                Effect.BLOCKS,
                "not an ordinary, logged table: ledgerdb would lose rows or cannot alter it",
            )
        if missing := sorted(set(wanted.options) - set(found.options)):
            yield Finding(
                "table",
                name,
                Effect.CREATED,
                f"storage option {', '.join(missing)} is set for new pages",
                (Change((f"alter table public.{name} set ({', '.join(missing)})",), name),),
            )
        if extra := sorted(set(found.options) - set(wanted.options)):
            yield Finding(
                "table",
                name,
                Effect.KEPT,
                f"storage option {', '.join(extra)} stays; `ledgerdb drift` will name it",
            )
        if found.row_security:
            yield Finding(
                "table",
                name,
                Effect.NEEDS_ACCEPTANCE,
                "row level security stays on: it binds readers; functions run as the owner and"
                " see every row unless it is forced",
            )
        if found.rules or found.children:
            yield Finding(
                "table",
                name,
                Effect.BLOCKS,
                "has a rule, or is part of an inheritance tree: statements of ledgerdb's functions"
                " would be rewritten or miss rows; drop the rule, detach the tables",
            )


def columns(look: Look) -> Iterator[Finding]:
    """Missing, different and further columns."""
    for key, wanted in look.reference.baseline.columns.items():
        table, _, _ = key.partition(".")
        if not look.has(table):
            continue
        found = look.found.columns.get(key)
        if found is None:
            yield _missing(look, key, wanted)
        else:
            yield from _different(look, key, wanted, found)
    for key, found in look.found.columns.items():
        if key not in look.reference.baseline.columns:
            yield _further(look, key, found)


def _missing(look: Look, key: str, wanted: Column) -> Finding:
    table, _, column = key.partition(".")
    fast = wanted.default is None or bool(_SAME_FOR_ALL.fullmatch(wanted.default))
    if not fast and look.count(f"select from public.{table}"):
        return Finding(
            "column",
            key,
            Effect.BLOCKS,
            f"missing: {wanted.type}, a value of its own for each row that is there;"
            " an operator must decide which",
        )
    if wanted.not_null and wanted.default is None and look.count(f"select from public.{table}"):
        return Finding(
            "column",
            key,
            Effect.BLOCKS,
            f"missing: {wanted.type} not null, and the table has rows: an operator must decide"
            " what they hold",
        )
    definition = f"{column} {wanted.type}"
    if wanted.generated:
        definition += f" generated always as ({wanted.default}) stored"
    elif wanted.default is not None:
        definition += f" default {wanted.default}"
    if wanted.not_null:
        definition += " not null"
    return Finding(
        "column",
        key,
        Effect.CREATED,
        "added, a change of the catalog only; services that name their columns do not notice",
        (Change((f"alter table public.{table} add column {definition}",), table),),
    )


def _different(look: Look, key: str, wanted: Column, found: Column) -> Iterator[Finding]:
    table, _, column = key.partition(".")
    alter = f"alter table public.{table} alter column {column}"
    if found.type != wanted.type:
        yield Finding(
            "column",
            key,
            Effect.BLOCKS,
            f"has type {found.type} instead of {wanted.type}: changing it rewrites the table"
            " and may lose values; change it in a maintenance window",
        )
        return
    if found.generated != wanted.generated:
        yield Finding(
            "column", key, Effect.BLOCKS, "is not generated as in the baseline: recreate it"
        )
        return
    if wanted.not_null and not found.not_null:
        yield _not_null(look, key, alter)
    if found.not_null and not wanted.not_null:
        yield Finding(
            "column",
            key,
            Effect.NEEDS_ACCEPTANCE,
            "is NOT NULL, and the functions leave it empty: NOT NULL is dropped",
            (Change((f"{alter} drop not null",), table),),
        )
    if found.default != wanted.default:
        action = "drop default" if wanted.default is None else f"set default {wanted.default}"
        yield Finding(
            "column",
            key,
            Effect.NEEDS_ACCEPTANCE,
            f"has default {found.default or 'none'} instead of {wanted.default or 'none'}:"
            " set as in the baseline, for new rows",
            (Change((f"{alter} {action}",), table),),
        )


def _not_null(look: Look, key: str, alter: str) -> Finding:
    table, _, column = key.partition(".")
    if nulls := look.count(f"select from public.{table} where {column} is null"):
        return Finding(
            "column",
            key,
            Effect.BLOCKS,
            f"may be null, and is in {_many(nulls)} rows: give them a value first",
        )
    check = f"ledgerdb_adopt_{column}"
    proof = f"constraint {check} check ({column} is not null)"
    return Finding(
        "column",
        key,
        Effect.MENDED,
        "may be null: made NOT NULL through a constraint that is validated without blocking",
        (
            Change(
                (
                    f"alter table public.{table} drop constraint if exists {check}",
                    f"alter table public.{table} add {proof} not valid",
                ),
                table,
            ),
            Change((f"alter table public.{table} validate constraint {check}",)),
            Change(
                (
                    f"{alter} set not null",
                    f"alter table public.{table} drop constraint {check}",
                ),
                table,
            ),
        ),
    )


def _further(look: Look, key: str, found: Column) -> Finding:
    if key in look.reference.guests.columns:
        return Finding("column", key, Effect.KEPT, "of another domain of the reference")
    if key in look.later.columns:
        return Finding(
            "column",
            key,
            Effect.BLOCKS,
            "of somebody else, and a later revision adds a column of this name: rename it",
        )
    if found.not_null and found.default is None and not found.generated:
        return Finding(
            "column",
            key,
            Effect.BLOCKS,
            "of somebody else, NOT NULL without a default: the functions cannot fill it, every"
            " new row would be refused (23502); give it a default or drop NOT NULL",
        )
    return Finding(
        "column",
        key,
        Effect.NEEDS_ACCEPTANCE,
        "of somebody else: stays, empty or at its default in new rows; the fingerprint is not that"
        " of a fresh install, and `ledgerdb drift` names it",
    )


def _many(count: int) -> str:
    return str(count) if count < 1000 else "1000 or more"  # noqa: PLR2004
