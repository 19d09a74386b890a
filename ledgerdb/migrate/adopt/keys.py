"""Constraints and indexes against the baseline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledgerdb.migrate.adopt.finding import Change, Effect, Finding
from ledgerdb.migrate.adopt.look import Look
from ledgerdb.migrate.adopt.surface import Constraint, Index

__all__ = ["constraints", "indexes"]

_CHECK: Final = "c"
_FOREIGN: Final = "f"
_GUEST: Final = "of another domain of the reference"
_GUESTS: Final = {
    "tenants_billable_client_required_new_rows_chk": f"{_GUEST}: refuses the tenants that"
    " register_tenant makes (23514), which knows no billable client; make them as before",
}
_NOT_VALID: Final = " NOT VALID"
# From revision 0004 on new rows have no payload of their own.
_PAYLOADS: Final = ("payment_outbox_pending", "payment_outbox_attempts")


def constraints(look: Look) -> Iterator[Finding]:
    """Missing, different, unproven and further constraints."""
    for key, wanted in look.reference.baseline.constraints.items():
        table, _, _ = key.partition(".")
        if not look.has(table):
            continue
        found = look.found.constraints.get(key)
        if found is None:
            yield _missing(look, key, wanted)
        elif found.definition.removesuffix(_NOT_VALID) != wanted.definition:
            keyed = wanted.type not in {_CHECK, _FOREIGN}
            yield Finding(
                "constraint",
                key,
                Effect.BLOCKS if keyed else Effect.NEEDS_ACCEPTANCE,
                f"is {found.definition} instead of {wanted.definition}: "
                + (
                    "identity rests on it; drop it, adoption creates the right one"
                    if keyed
                    else "stays as it is, `ledgerdb drift` names it; drop it before, and adoption"
                    " creates the right one"
                ),
            )
        elif not found.validated:
            yield _unproven(look, key, wanted)
    for key, found in look.found.constraints.items():
        if key not in look.reference.baseline.constraints:
            yield _further(look, key, found)


def _missing(look: Look, key: str, wanted: Constraint) -> Finding:
    table, _, name = key.partition(".")
    add = f"alter table public.{table} add constraint {name}"
    if wanted.type in {_CHECK, _FOREIGN}:
        if violators := _violators(look, key, wanted):
            return Finding(
                "constraint",
                key,
                Effect.BLOCKS,
                f"missing, and {violators} rows break {wanted.definition}: put them right first",
            )
        return Finding(
            "constraint",
            key,
            Effect.CREATED,
            f"missing: {wanted.definition} is added NOT VALID, then validated",
            (
                Change((f"{add} {wanted.definition} not valid",), table),
                Change((f"alter table public.{table} validate constraint {name}",)),
            ),
        )
    columns = wanted.definition.partition("(")[2].rstrip(")")
    doubles = look.count(
        f"select from public.{table} where ({columns}) is not null group by {columns}"
        " having count(*) > 1"
    )
    if doubles:
        return Finding(
            "constraint",
            key,
            Effect.BLOCKS,
            f"missing, and {doubles} keys stand twice ({columns}): an operator must decide which"
            " of the rows is right",
        )
    return Finding(
        "constraint",
        key,
        Effect.CREATED,
        f"missing: {wanted.definition}, its index is built concurrently",
        (
            Change((f"drop index concurrently if exists public.{name}",), concurrently=True),
            Change(
                (f"create unique index concurrently {name} on public.{table} ({columns})",),
                concurrently=True,
            ),
            Change((f"{add} {wanted.definition.partition('(')[0]}using index {name}",), table),
        ),
    )


def _violators(look: Look, key: str, wanted: Constraint) -> int:
    table, _, _ = key.partition(".")
    if wanted.type == _CHECK:
        expression = wanted.definition.removeprefix("CHECK ")
        columns = [c for c in look.found.columns if c.startswith(f"{table}.")]
        if not any(c.partition(".")[2] in expression for c in columns):
            return 0
        return look.count(f"select from public.{table} where not {expression}")
    column, _, target = (
        wanted.definition.removeprefix("FOREIGN KEY (").rstrip(")").partition(") REFERENCES ")
    )
    other, _, referenced = target.partition("(")
    if f"{table}.{column}" not in look.found.columns or not look.has(other):
        return 0
    return look.count(
        f"select from public.{table} as t where t.{column} is not null and not exists ("
        f"select from public.{other} as o where o.{referenced} = t.{column})"
    )


def _unproven(look: Look, key: str, wanted: Constraint) -> Finding:
    table, _, name = key.partition(".")
    if violators := _violators(look, key, wanted):
        return Finding(
            "constraint",
            key,
            Effect.BLOCKS,
            f"was never validated, and {violators} rows break it: put them right first",
        )
    return Finding(
        "constraint",
        key,
        Effect.MENDED,
        "was never validated: validated without blocking anybody",
        (Change((f"alter table public.{table} validate constraint {name}",)),),
    )


def _further(look: Look, key: str, found: Constraint) -> Finding:
    table, _, name = key.partition(".")
    guest = look.reference.guests.constraints.get(key)
    if guest is not None and found.definition == guest.definition:
        return Finding("constraint", key, Effect.KEPT, _GUESTS.get(name, _GUEST))
    if name.startswith("ledgerdb_adopt_"):
        return Finding("constraint", key, Effect.MENDED, "of an adoption that was interrupted")
    if table in _PAYLOADS and "payload" in found.columns:
        return Finding(
            "constraint",
            key,
            Effect.BLOCKS,
            f"of somebody else on the payload ({found.definition}): from revision 0004 on the"
            " registry has it and the column is null; drop the constraint",
        )
    return Finding(
        "constraint",
        key,
        Effect.NEEDS_ACCEPTANCE,
        f"of somebody else ({found.definition}): stays, and refuses rows of ledgerdb's functions"
        " that break it; `ledgerdb drift` names it",
    )


def indexes(look: Look) -> Iterator[Finding]:
    """Missing, invalid, different and further indexes."""
    for key, wanted in look.reference.baseline.indexes.items():
        table, _, _ = key.partition(".")
        if not look.has(table):
            continue
        found = look.found.indexes.get(key)
        if found is None or not found.valid or found.definition != wanted.definition:
            yield _to_build(look, key, wanted, found)
    for key, found in look.found.indexes.items():
        if key in look.reference.baseline.indexes:
            continue
        guest = look.reference.guests.indexes.get(key)
        if guest is not None and guest.definition == found.definition:
            yield Finding("index", key, Effect.KEPT, "of another domain of the reference")
        elif key.partition(".")[2] in look.later.relations:
            yield Finding(
                "index",
                key,
                Effect.BLOCKS,
                "of somebody else, and a later revision creates one of this name: rename it",
            )
        elif _belongs_to_missing_constraint(look, key):
            yield Finding("index", key, Effect.MENDED, "left over; replaced with its constraint")
        elif not found.valid:
            yield Finding(
                "index",
                key,
                Effect.NEEDS_ACCEPTANCE,
                "the leftover of a build that failed: costs every write and serves nobody;"
                " drop index concurrently",
            )
        else:
            yield Finding(
                "index",
                key,
                Effect.NEEDS_ACCEPTANCE if found.unique else Effect.KEPT,
                "of somebody else: stays and costs every write"
                + (", and refuses rows that its key has already" if found.unique else "")
                + "; `ledgerdb drift` names it",
            )


def _belongs_to_missing_constraint(look: Look, key: str) -> bool:
    return key in look.reference.baseline.constraints and key not in look.found.constraints


def _to_build(look: Look, key: str, wanted: Index, found: Index | None) -> Finding:
    table, _, name = key.partition(".")
    if wanted.unique and (doubles := _doubles(look, table, wanted)):
        return Finding(
            "index",
            key,
            Effect.BLOCKS,
            f"missing or invalid, and {doubles} keys stand twice: an operator must decide which"
            " of the rows is right",
        )
    build = wanted.definition.replace(" INDEX ", " INDEX CONCURRENTLY ", 1)
    drop = Change((f"drop index concurrently if exists public.{name}",), concurrently=True)
    change = (drop, Change((build,), concurrently=True))
    if found is None:
        return Finding("index", key, Effect.CREATED, "missing: built concurrently", change)
    if not found.valid:
        return Finding(
            "index",
            key,
            Effect.MENDED,
            "invalid: its build failed, and no query uses it; dropped and built concurrently",
            change,
        )
    return Finding(
        "index",
        key,
        Effect.NEEDS_ACCEPTANCE,
        f"is {found.definition}: dropped, then built concurrently as in the baseline; queries do"
        " without it meanwhile",
        change,
    )


def _doubles(look: Look, table: str, wanted: Index) -> int:
    key, _, predicate = wanted.definition.partition(" USING btree (")[2].partition(")")
    if key.startswith("("):
        key, predicate = "1", predicate.lstrip(")")
    where = predicate.strip().removeprefix("WHERE ") or "true"
    columns = [c.strip() for c in key.split(",")]
    if key != "1" and any(f"{table}.{c}" not in look.found.columns for c in columns):
        return 0
    grouped = "()" if key == "1" else key
    return look.count(
        f"select from public.{table} where {where} group by {grouped} having count(*) > 1"
    )
