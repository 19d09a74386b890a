"""`ledgerdb trace`: the whole life of an instruction."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from ledgerdb.cli.operations.document import echo
from ledgerdb.cli.operations.layout import Cell, console, instant, plain, seconds, show, state
from ledgerdb.cli.operations.options import AsJson, Role
from ledgerdb.cli.operations.options import Tenant as OfTenant
from ledgerdb.cli.operations.session import opened
from ledgerdb.cli.operations.timeline import Event, Kind, timeline
from ledgerdb.cli.options import Url
from ledgerdb.errors import ConfigurationError
from ledgerdb.rows import EvidencePack, FoundItem
from ledgerdb.sync import Ledger

__all__ = ["trace"]

_SHOWN_MAX: Final = 100  # items of one instruction; more share it by mistake
_WORDS: Final = {
    Kind.ACCEPTED: "accepted",
    Kind.QUEUED: "on the queue",
    Kind.CLAIMED: "claimed",
    Kind.SENDING: "sends to the rail",
    Kind.LATE_RESULT: "late result",
    Kind.OPERATOR: "operator",
    Kind.HELD: "on hold",
    Kind.RETIRED: "history retired",
    Kind.SEALED: "sealed",
}


@dataclass(frozen=True, slots=True)
class _Life:
    item: FoundItem
    events: tuple[Event, ...]


def trace(
    instruction: Annotated[str, typer.Argument(help="Its id.", show_default=False)],
    *,
    tenant: OfTenant = None,
    as_json: AsJson = False,
    url: Url = None,
    role: Role = None,
) -> None:
    """Show what happened to an instruction: proof, queue, every attempt, operators, seals.

    Exit code 1 if there is no such instruction.

    Examples:

      ledgerdb trace INV-1

      ledgerdb trace INV-1 --tenant 6f1c2a54-0c2b-4c8e-9d59-0d5f4c1f7b10 --json
    """
    with opened(url, role) as ledger:
        found = ledger.find(instruction, tenant)
        if not found:
            whose = "" if tenant is None else f" of tenant {tenant}"
            raise ConfigurationError(f"there is no instruction {instruction!r}{whose}")
        lives = [_life(ledger, item) for item in found[:_SHOWN_MAX]]
    if as_json:
        echo(
            {
                "instruction_id": instruction,
                "items": [_document(life) for life in lives],
                "more": len(found) > len(lives),
            }
        )
        return
    out = console()
    for place, life in enumerate(lives):
        if place:
            out.print()
        _print(out, life)
    if len(found) > len(lives):
        typer.echo(f"{len(lives):,} of {len(found):,} items are shown: give --tenant", err=True)


def _life(ledger: Ledger, item: FoundItem) -> _Life:
    inspected = ledger.inspect(item.outbox_id)
    if inspected is None:  # identities are never deleted
        raise ConfigurationError(f"item {item.outbox_id} has gone")
    return _Life(item, timeline(inspected, _pack(ledger, item)))


def _pack(ledger: Ledger, item: FoundItem) -> EvidencePack | None:
    """The evidence of the item; None where it is about no item, or about another one."""
    if item.tenant_id is None:
        return None
    pack = ledger.evidence_pack(item.tenant_id, item.instruction_id)
    if pack is None or pack.outbox is None or pack.outbox.outbox_id != item.outbox_id:
        return None
    return pack


def _document(life: _Life) -> dict[str, Any]:
    return asdict(life.item) | {"timeline": life.events}


def _print(out: Console, life: _Life) -> None:
    item = life.item
    out.print(Text("instruction", style="bold"), plain(item.instruction_id), state(item.state))
    out.print(f"item {item.outbox_id}, tenant {item.tenant_id or '(none)'}", soft_wrap=True)
    out.print(
        plain(
            f"participant {item.participant_id}, rail {item.rail_type},"
            f" idempotency key {item.idempotency_key}"
        ),
        soft_wrap=True,
    )
    out.print()
    show(
        ("time (UTC)", "after", "event", "attempt", "who", "detail"),
        _rows(life.events),
        right=("after", "attempt"),
        out=out,
    )


def _rows(events: tuple[Event, ...]) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    before: datetime | None = None
    for event in events:
        after = ""
        if before is not None and event.at is not None:
            after = "+" + seconds((event.at - before) / timedelta(seconds=1))
        before = event.at or before
        detail = event.text
        if event.seconds is not None:
            detail = ", ".join(part for part in (f"took {seconds(event.seconds)}", detail) if part)
        rows.append(
            [
                instant(event.at, millis=True),
                after,
                _words(event),
                "" if event.attempt_no is None else str(event.attempt_no),
                event.who or "",
                detail,
            ]
        )
    return rows


def _words(event: Event) -> Cell:
    if event.kind is Kind.ENDED:
        return state(event.state)
    if event.state is None:
        return _WORDS[event.kind]
    return Text.assemble(_WORDS[event.kind], " ", state(event.state))
