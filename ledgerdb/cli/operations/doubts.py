"""`ledgerdb doubts`: items of which nobody knows whether they were sent."""

from __future__ import annotations

from typing import Final

import typer

from ledgerdb.cli.operations import views
from ledgerdb.cli.operations.document import echo
from ledgerdb.cli.operations.layout import console, instant, number, show
from ledgerdb.cli.operations.options import AsJson, Limit, Rail, Role, Tenant
from ledgerdb.cli.operations.session import opened
from ledgerdb.cli.options import Url

__all__ = ["doubts"]

_HEADINGS: Final = (
    "outbox id",
    "instruction",
    "rail",
    "attempt",
    "rail key",
    "in doubt since (UTC)",
    "late results",
    "late DISPATCHED",
    "rail reference",
)


def doubts(
    *,
    rail: Rail = None,
    tenant: Tenant = None,
    limit: Limit = 100,
    as_json: AsJson = False,
    url: Url = None,
    role: Role = None,
) -> None:
    """List what is in doubt: a worker said that it sends, and never said how it went.

    Ask the rail under the rail key, then say what is so with `ledgerdb resolve`.

    Examples:

      ledgerdb doubts --rail SEPA

      ledgerdb doubts --json | jq -r '.doubts[].rail_key'
    """
    with opened(url, role) as ledger:
        found = ledger.execute(views.doubts(rail_type=rail, tenant_id=tenant, limit=limit))
    if as_json:
        echo({"doubts": found, "more": len(found) == limit})
        return
    show(
        _HEADINGS,
        [
            [
                str(doubt.outbox_id),
                doubt.instruction_id,
                doubt.rail_type,
                number(doubt.attempt_no),
                doubt.rail_key,
                instant(doubt.in_doubt_since),
                number(doubt.late_results),
                str(doubt.late_result_id or ""),
                doubt.rail_reference or "",
            ]
            for doubt in found
        ],
        right=("attempt", "late results"),
        out=console(),
    )
    if not found:
        typer.echo("nothing is in doubt", err=True)
    if len(found) == limit:
        typer.echo(f"the {limit:,} oldest; for more: --limit", err=True)
