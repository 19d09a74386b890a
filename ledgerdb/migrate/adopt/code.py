"""Enum types, functions and triggers against the baseline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledgerdb.migrate.adopt.finding import Change, Effect, Finding
from ledgerdb.migrate.adopt.look import Look
from ledgerdb.migrate.adopt.surface import Function, Trigger

__all__ = ["enums", "functions", "triggers"]

_NEWEST: Final = "0034"
# Revision 0008 looks at the triggers of these tables, which the functions write.
_WRITTEN: Final = frozenset(
    {
        "ingress_attestations",
        "participant_outbox_sequences",
        "payment_outbox_attempts",
        "payment_outbox_pending",
        "tenants",
    }
)


def enums(look: Look) -> Iterator[Finding]:
    """The labels, in order."""
    for name, wanted in look.reference.baseline.enums.items():
        found = look.found.enums.get(name)
        if found != wanted:
            yield Finding(
                "enum",
                name,
                Effect.BLOCKS,
                f"has labels {', '.join(found or ()) or 'none'} instead of {', '.join(wanted)}:"
                " states that ledgerdb does not know would be neither live nor ended",
            )


def functions(look: Look) -> Iterator[Finding]:
    """Missing functions, other signatures, and bodies that are not the known ones."""
    for name, (wanted,) in look.reference.baseline.functions.items():
        overloads = look.found.functions.get(name, ())
        found = next((f for f in overloads if _types(f) == _types(wanted)), None)
        for other in overloads:
            if other is not found:
                yield Finding(
                    "function",
                    f"{name}({other.arguments})",
                    Effect.BLOCKS,
                    "another function under a name of ledgerdb: calls would be ambiguous, and it"
                    " would stay as it is; drop or rename it",
                )
        if found is None:
            yield Finding(
                "function",
                name,
                Effect.CREATED,
                "missing: created as in revision 0001",
                (Change((look.files[name].text,)),),
            )
        else:
            yield from _different(look, name, wanted, found)


def _types(function: Function) -> tuple[str, ...]:
    """The types of the arguments, as `name type [DEFAULT ...]` lists them."""
    return tuple(
        argument.split(" DEFAULT ")[0].strip().partition(" ")[2]
        for argument in function.arguments.split(", ")
    )


def _different(look: Look, name: str, wanted: Function, found: Function) -> Iterator[Finding]:
    if (found.arguments, found.result) != (wanted.arguments, wanted.result):
        yield Finding(
            "function",
            name,
            Effect.BLOCKS,
            f"is ({found.arguments}) -> {found.result} instead of ({wanted.arguments}) ->"
            f" {wanted.result}: PostgreSQL replaces no function with other names or results;"
            " rename it, adoption creates the right one",
        )
        return
    if found.hashes & wanted.hashes:
        if found.attributes != wanted.attributes:
            yield Finding(
                "function",
                name,
                Effect.REPLACED,
                f"has attributes {found.attributes} instead of {wanted.attributes}:"
                " the upgrade sets its own",
            )
        return
    digest = min(found.hashes)[:12]
    if look.state == _NEWEST and not _comparable(look):
        yield Finding(
            "function",
            name,
            Effect.REPLACED,
            f"cannot be compared with the known body (sha256 {digest}...): none of the functions"
            " can, so they were hashed in another way; the upgrade replaces it either way",
        )
    elif look.state < _NEWEST:
        yield Finding(
            "function",
            name,
            Effect.REPLACED,
            f"has another body than at {_NEWEST} (sha256 {digest}...): that of state {look.state},"
            " or one that was edited by hand; the upgrade replaces it either way",
        )
    else:
        yield Finding(
            "function",
            name,
            Effect.NEEDS_ACCEPTANCE,
            f"was edited by hand (sha256 {digest}...): the upgrade replaces it, and what the edit"
            " did is gone; carry over what you need",
        )


def _comparable(look: Look) -> bool:
    """Is any body the known one? Where all of them differ, nobody has edited them all."""
    return any(
        found.hashes & wanted.hashes
        for name, (wanted,) in look.reference.baseline.functions.items()
        for found in look.found.functions.get(name, ())
    )


def triggers(look: Look) -> Iterator[Finding]:
    """Missing, different, disabled and further triggers."""
    for key, wanted in look.reference.baseline.triggers.items():
        table, _, name = key.partition(".")
        if not look.has(table):
            continue
        found = look.found.triggers.get(key)
        guard = "rows could be changed while it was" if "_deny_" in name else "rows went unchecked"
        create = Change(
            (f"drop trigger if exists {name} on public.{table}", wanted.definition), table
        )
        if found is None:
            yield Finding(
                "trigger",
                key,
                Effect.NEEDS_ACCEPTANCE,
                f"missing: created again; {guard} missing, and nobody can tell from the catalog"
                " whether that happened",
                (create,),
            )
        elif found.definition != wanted.definition:
            yield Finding(
                "trigger",
                key,
                Effect.NEEDS_ACCEPTANCE,
                f"is {found.definition}: created anew as in the baseline; {guard} different",
                (create,),
            )
        elif found.enabled not in {"O", "A"}:
            yield Finding(
                "trigger",
                key,
                Effect.NEEDS_ACCEPTANCE,
                f"disabled: enabled again; {guard} disabled, and nobody can tell from the catalog"
                " whether that happened",
                (Change((f"alter table public.{table} enable trigger {name}",), table),),
            )
        elif found.enabled == "A":
            yield Finding(
                "trigger", key, Effect.KEPT, "enabled always, as revision 0004 makes it anyway"
            )
    for key, found in look.found.triggers.items():
        if key not in look.reference.baseline.triggers:
            yield _further(look, key, found)


def _further(look: Look, key: str, found: Trigger) -> Finding:
    table, _, _ = key.partition(".")
    guest = look.reference.guests.triggers.get(key)
    if guest is not None and guest.definition == found.definition:
        if found.enabled == guest.enabled:
            return Finding(
                "trigger",
                key,
                Effect.KEPT,
                "of another domain of the reference: runs as symphony_owner after 0008, which gets"
                " what it needs",
            )
        return Finding(
            "trigger",
            key,
            Effect.NEEDS_ACCEPTANCE,
            "of another domain of the reference, and not enabled as there: stays as it is",
        )
    if table in _WRITTEN and not found.answered:
        return Finding(
            "trigger",
            key,
            Effect.BLOCKS,
            f"of somebody else: after revision 0008 {found.function} would run as symphony_owner,"
            " which may not touch what it touches, so 0008 stops the upgrade. Make it security"
            " definer with a pinned search_path",
        )
    return Finding(
        "trigger",
        key,
        Effect.NEEDS_ACCEPTANCE,
        f"of somebody else: stays and runs ({found.function}) with every row; from revision 0004 on"
        " new rows have no payload, and `ledgerdb drift` names it",
    )
