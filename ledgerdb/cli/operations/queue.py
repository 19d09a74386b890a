"""`ledgerdb items`: what is on the queue, page by page."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Final

import typer

from ledgerdb import calls
from ledgerdb.cli.operations.document import echo
from ledgerdb.cli.operations.layout import console, instant, number, show, state
from ledgerdb.cli.operations.options import (
    After,
    AsJson,
    Limit,
    Participant,
    Rail,
    Role,
    Tenant,
    names,
)
from ledgerdb.cli.operations.session import opened
from ledgerdb.cli.options import Url

__all__ = ["items"]

STATUSES: Final = (
    "READY",
    "SCHEDULED",
    "LEASED",
    "EXPIRED",
    "IN_DOUBT",
    "PAUSED",
    "FIFO",
    "PAYLOAD_MISMATCH",
)
_HEADINGS: Final = (
    "outbox id",
    "instruction",
    "participant",
    "rail",
    "status",
    "attempts",
    "next or lease end (UTC)",
    "worker",
)


def items(
    *,
    status: Annotated[
        str | None,
        typer.Option(
            help=f"Only these: {', '.join(STATUSES)}.",
            show_default=False,
            autocompletion=lambda: names(*STATUSES),
        ),
    ] = None,
    tenant: Tenant = None,
    participant: Participant = None,
    rail: Rail = None,
    after: After = None,
    limit: Limit = 100,
    as_json: AsJson = False,
    url: Url = None,
    role: Role = None,
) -> None:
    """List what is on the queue, in the order in which it was accepted.

    Examples:

      ledgerdb items --status LEASED --rail SEPA

      ledgerdb items --json --limit 1000 | jq -r '.items[].outbox_id'
    """
    if status is not None and status.upper() not in STATUSES:
        raise typer.BadParameter(
            f"{status!r} is none of {', '.join(STATUSES)}", param_hint="--status"
        )
    call = calls.items(
        limit=limit,
        status=None if status is None else status.upper(),
        tenant_id=tenant,
        participant_id=participant,
        rail_type=rail,
    )
    # the verb goes on behind an item; here only its id is known
    call = replace(call, parameters={**call.parameters, "p_after_outbox_id": after})
    with opened(url, role) as ledger:
        found = ledger.execute(call)
    following = found[-1].outbox_id if len(found) == limit else None
    if as_json:
        echo({"items": found, "next": following})
        return
    out = console()
    show(
        _HEADINGS,
        [
            [
                str(item.outbox_id),
                item.instruction_id,
                item.participant_id,
                item.rail_type,
                state(item.status),
                number(item.attempt_count),
                instant(item.lease_expires_at or item.next_attempt_at),
                item.claimed_by or "",
            ]
            for item in found
        ],
        right=("attempts",),
        out=out,
    )
    if not found:
        typer.echo("no such items", err=True)
    if following is not None:
        typer.echo(f"for more: --after {following}", err=True)
