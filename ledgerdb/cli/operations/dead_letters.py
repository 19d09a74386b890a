"""`ledgerdb dead-letters`: items that ended as FAILED."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import typer
from rich.text import Text

from ledgerdb.cli.operations import views
from ledgerdb.cli.operations.document import echo
from ledgerdb.cli.operations.layout import Cell, console, instant, number, show
from ledgerdb.cli.operations.options import After, AsJson, Limit, Participant, Rail, Role, Tenant
from ledgerdb.cli.operations.session import opened
from ledgerdb.cli.operations.views import DeadFilter, GroupBy
from ledgerdb.cli.options import Url
from ledgerdb.errors import ConfigurationError
from ledgerdb.rows import DeadLetter
from ledgerdb.sync import Ledger

__all__ = ["Disputed", "ErrorCode", "dead_letters"]

ErrorCode = Annotated[
    str | None, typer.Option("--error-code", help="Only with this error.", show_default=False)
]
Disputed = Annotated[
    bool | None,
    typer.Option(
        "--disputed/--undisputed",
        help="Only those of which a late result says that they were sent, or only the others.",
        show_default=False,
    ),
]
_HEADINGS: Final = (
    "outbox id",
    "instruction",
    "rail",
    "attempts",
    "error",
    "message",
    "ended (UTC)",
    "disputed",
)


def dead_letters(
    *,
    by: Annotated[
        GroupBy | None,
        typer.Option("--by", case_sensitive=False, help="Count them by this.", show_default=False),
    ] = None,
    error_code: ErrorCode = None,
    rail: Rail = None,
    tenant: Tenant = None,
    participant: Participant = None,
    disputed: Disputed = None,
    after: After = None,
    limit: Limit = 100,
    as_json: AsJson = False,
    url: Url = None,
    role: Role = None,
) -> None:
    """List what ended as FAILED, the oldest first, or count it.

    Examples:

      ledgerdb dead-letters --by error

      ledgerdb dead-letters --error-code ACCOUNT_CLOSED --undisputed
    """
    which = DeadFilter(
        rail_type=rail,
        tenant_id=tenant,
        participant_id=participant,
        error_code=error_code,
        disputed=disputed,
    )
    if by is not None:
        if after is not None:
            raise typer.BadParameter("counts have no pages: leave out --after or --by")
        with opened(url, role) as ledger:
            groups = ledger.execute(views.dead_groups(which, by, limit=limit))
        if as_json:
            echo({"by": by.value, "groups": groups, "more": len(groups) == limit})
            return
        show(
            (by.value, "dead letters", "disputed", "oldest (UTC)", "newest (UTC)"),
            [
                [
                    group.key or "(none)",
                    number(group.dead_letters),
                    number(group.disputed),
                    instant(group.oldest_at),
                    instant(group.newest_at),
                ]
                for group in groups
            ],
            right=("dead letters", "disputed"),
            out=console(),
        )
        _tell(len(groups), limit, None)
        return
    with opened(url, role) as ledger:
        last = None if after is None else _last(ledger, after)
        found = ledger.execute(views.dead_letters(which, after=last, limit=limit))
    following = found[-1].outbox_id if len(found) == limit else None
    if as_json:
        echo({"dead_letters": found, "next": following})
        return
    show(_HEADINGS, [_row(letter) for letter in found], right=("attempts",), out=console())
    _tell(len(found), limit, following)


def _last(ledger: Ledger, outbox_id: UUID) -> DeadLetter:
    """The last one of the page before, which may have been redriven since."""
    found = ledger.execute(views.dead_letters(DeadFilter(outbox_id=outbox_id), limit=1))
    if not found:
        raise ConfigurationError(
            f"--after {outbox_id}: is no dead letter any more; list them from the start"
        )
    return found[0]


def _row(letter: DeadLetter) -> list[Cell]:
    return [
        str(letter.outbox_id),
        letter.instruction_id,
        letter.rail_type,
        number(letter.attempt_no),
        letter.error_code or "",
        letter.error_message or "",
        instant(letter.completed_at),
        Text("disputed", style="bold red") if letter.disputed else "",
    ]


def _tell(found: int, limit: int, following: UUID | None) -> None:
    if not found:
        typer.echo("no such dead letters", err=True)
    if following is not None:
        typer.echo(f"for more: --after {following}", err=True)
    elif found == limit:
        typer.echo(f"the first {limit:,}; for more: --limit", err=True)
