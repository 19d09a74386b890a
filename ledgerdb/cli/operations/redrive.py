"""`ledgerdb redrive`: dead letters go back to the queue, after a rehearsal."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Final
from uuid import UUID

import typer

from ledgerdb.cli.operations import views
from ledgerdb.cli.operations.dead_letters import ErrorCode
from ledgerdb.cli.operations.document import echo
from ledgerdb.cli.operations.layout import console, number, show, state
from ledgerdb.cli.operations.options import (
    Actor,
    AsJson,
    Participant,
    Rail,
    Role,
    Tenant,
    actor_or_login,
)
from ledgerdb.cli.operations.session import Needs, opened
from ledgerdb.cli.operations.views import DeadFilter
from ledgerdb.cli.options import Url
from ledgerdb.rows import BATCH_SIZE_MAX, RedrivenItem, RedriveOutcome

__all__ = ["redrive"]

_REFUSED: Final = 1
_DONE: Final = frozenset({RedriveOutcome.REDRIVEN, RedriveOutcome.WOULD_REDRIVE})
_WHY_NOT: Final = {
    RedriveOutcome.DISPUTED: "a late result says it was sent: ask the rail, then --disputed-too",
    RedriveOutcome.STILL_QUEUED: "on the queue already",
    RedriveOutcome.NOT_FAILED: "was sent, or its attempts did not end",
    RedriveOutcome.RETIRED: "its attempts were retired: too old",
    RedriveOutcome.UNKNOWN: "no such item",
}


def redrive(
    outbox_ids: Annotated[
        list[UUID] | None,
        typer.Argument(metavar="OUTBOX_ID", help="These items.", show_default=False),
    ] = None,
    *,
    error_code: ErrorCode = None,
    rail: Rail = None,
    tenant: Tenant = None,
    participant: Participant = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=BATCH_SIZE_MAX,
            help="So many at most, the oldest first; must be given with filters.",
            show_default=False,
        ),
    ] = None,
    disputed_too: Annotated[
        bool,
        typer.Option(
            "--disputed-too", help="Also those of which a late result says that they were sent."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this, a rehearsal.")] = False,
    actor: Actor = None,
    reason: Annotated[
        str | None,
        typer.Option(help="Why; kept for ever. --yes needs it.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    url: Url = None,
    role: Role = None,
) -> None:
    """Send dead letters back to the queue, with a new retry budget and the same rail key.

    Without --yes nothing is written: it shows what would happen.

    Exit code 1 if an item is not, or would not be, redriven.

    Examples:

      ledgerdb redrive --rail SEPA --error-code TIMEOUT --limit 500

      ledgerdb redrive --rail SEPA --error-code TIMEOUT --limit 500 --yes --reason "ticket 4711"
    """
    which = DeadFilter(
        rail_type=rail,
        tenant_id=tenant,
        participant_id=participant,
        error_code=error_code,
        disputed=None if disputed_too else False,
    )
    by_filter = any(value is not None for value in (error_code, rail, tenant, participant))
    _require_one_way(outbox_ids, limit, by_filter=by_filter)
    if yes and reason is None:
        raise typer.BadParameter("--yes needs a --reason; it is kept for ever")
    with opened(url, role, Needs.OPERATOR) as ledger:
        ids = list(outbox_ids or ())
        if limit is not None and by_filter:
            letters = ledger.execute(views.dead_letters(which, limit=limit))
            ids = [letter.outbox_id for letter in letters]
        found: tuple[RedrivenItem, ...] = ()
        if ids:
            found = ledger.redrive(
                ids,
                actor=actor_or_login(actor),
                reason=reason or "rehearsal",  # of which nothing is kept
                dry_run=not yes,
                disputed_too=disputed_too,
            )
    if as_json:
        echo({"rehearsal": not yes, "items": found, "outcomes": _counts(found)})
    else:
        _print(found, rehearsal=not yes)
    if any(item.outcome not in _DONE for item in found):
        raise typer.Exit(_REFUSED)


def _require_one_way(outbox_ids: list[UUID] | None, limit: int | None, *, by_filter: bool) -> None:
    if bool(outbox_ids) == by_filter:
        raise typer.BadParameter(
            "name outbox ids, or filter by --error-code, --rail, --tenant or --participant"
        )
    if by_filter and limit is None:
        raise typer.BadParameter("a filter needs a --limit: how many at most")
    if not by_filter and limit is not None:
        raise typer.BadParameter("--limit goes with a filter, not with outbox ids")
    if outbox_ids and len(outbox_ids) > BATCH_SIZE_MAX:
        raise typer.BadParameter(f"at most {BATCH_SIZE_MAX:,} outbox ids at a time")


def _counts(found: tuple[RedrivenItem, ...]) -> dict[str, int]:
    return dict(sorted(Counter(item.outcome.value for item in found).items()))


def _print(found: tuple[RedrivenItem, ...], *, rehearsal: bool) -> None:
    if not found:
        typer.echo("no such dead letters", err=True)
        return
    show(
        ("outbox id", "outcome", "attempts", "redrives", ""),
        [
            [
                str(item.outbox_id),
                state(item.outcome),
                number(item.attempt_count),
                number(item.redrive_no),
                _WHY_NOT.get(item.outcome, ""),
            ]
            for item in found
        ],
        right=("attempts", "redrives"),
        out=console(),
    )
    counted = ", ".join(f"{count:,} {outcome}" for outcome, count in _counts(found).items())
    note = "; a rehearsal, nothing was written: --yes does it" if rehearsal else ""
    typer.echo(counted + note, err=True)
