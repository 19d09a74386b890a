"""`ledgerdb status`: how the outbox stands, on one screen."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from ledgerdb.cli.operations.document import echo
from ledgerdb.cli.operations.layout import age, console, instant, number, plain, show
from ledgerdb.cli.operations.options import AsJson, Limit, Role, age_of
from ledgerdb.cli.operations.parts import part_rows
from ledgerdb.cli.operations.session import opened
from ledgerdb.cli.operations.standing import (
    Finding,
    Standing,
    Thresholds,
    findings,
    look,
)
from ledgerdb.cli.options import Url
from ledgerdb.errors import LedgerError
from ledgerdb.rows import BreakdownBy

__all__ = ["By", "as_document", "status"]

_NEEDS_A_PERSON: Final = 1
_UNKNOWN: Final = 2
_UNSEALED_MAX: Final = 10_000  # what the server counts up to, of either kind

By = Annotated[
    BreakdownBy | None,
    typer.Option("--by", case_sensitive=False, help="Also each of these.", show_default=False),
]


def status(
    *,
    by: By = None,
    limit: Limit = 20,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Exit with 1 if something needs a person, with 2 if that could not be found out.",
        ),
    ] = False,
    max_lag: Annotated[
        str, typer.Option(metavar="AGE", help="What may be due for so long: 90s, 15m, 2h.")
    ] = "5m",
    max_dead_letters: Annotated[int, typer.Option(min=0, help="So many are no alarm.")] = 0,
    max_in_doubt: Annotated[int, typer.Option(min=0, help="So many are no alarm.")] = 0,
    max_unsealed: Annotated[
        str | None,
        typer.Option(
            metavar="AGE",
            help="What may be without a seal for so long.",
            show_default="not looked at",
        ),
    ] = None,
    as_json: AsJson = False,
    url: Url = None,
    role: Role = None,
) -> None:
    """Show how many items wait for what, since when, and what needs a person.

    Examples:

      ledgerdb status --by tenant

      ledgerdb status --check --max-lag 15m || page-somebody
    """
    bounds = Thresholds(
        age_of("--max-lag", max_lag),
        max_dead_letters,
        max_in_doubt,
        None if max_unsealed is None else age_of("--max-unsealed", max_unsealed),
    )
    try:
        with opened(url, role) as ledger:
            found = look(ledger, by, limit)
    except LedgerError as error:
        if not check:
            raise
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(_UNKNOWN) from error
    todo = findings(found, bounds)
    if as_json:
        echo(as_document(found, todo))
    else:
        _print(console(), found, todo, by)
    if check and todo:
        raise typer.Exit(_NEEDS_A_PERSON)


def as_document(found: Standing, todo: tuple[Finding, ...]) -> dict[str, Any]:
    """The JSON document of `status`."""
    health = found.health
    return {
        "schema_version": health.schema_version,
        "server_time": health.server_time,
        "retry_ceiling": health.retry_ceiling,
        "queue": found.backlog,
        "lag_seconds": 0.0 if found.lag is None else round(found.lag.total_seconds(), 3),
        "oldest_in_doubt_at": health.oldest_in_doubt_at,
        "dead_letters": health.dead_letters,
        "disputed": health.disputed,
        "counter_drift": found.counter_drift,
        "payload_mismatches": found.payload_mismatches,
        "paused": found.paused,
        "seals": {
            "last_sealed_at": health.last_sealed_at,
            "unsealed": health.unsealed,
            "oldest_unsealed_at": health.oldest_unsealed_at,
        },
        "parts": found.parts,
        "findings": todo,
        "needs_a_person": bool(todo),
    }


def _print(
    out: Console, found: Standing, todo: tuple[Finding, ...], by: BreakdownBy | None
) -> None:
    health, now = found.health, found.now
    out.print(
        Text(f"revision {health.schema_version or 'base'}", style="bold"),
        f"at {instant(now)} UTC, retry ceiling {health.retry_ceiling}",
    )
    out.print()
    for line in _counts(found):
        out.print(line)
    for control in found.paused:
        out.print(
            Text("paused", style="yellow"),
            plain(f"{control.scope} {control.scope_key} for {age(control.updated_at, now)}"),
        )
    if by is not None and found.parts is not None:
        out.print()
        headings, rows, counted = part_rows(found.parts, by, now)
        show(headings, rows, right=counted, out=out)
    out.print()
    if not todo:
        out.print(Text("nothing needs a person", style="green"))
        return
    out.print(Text("needs a person", style="bold red"))
    for finding in todo:
        out.print(f"  {finding.text}: {finding.command}")


def _counts(found: Standing) -> list[Text]:
    queue, health, now = found.backlog, found.health, found.now
    more = "or more" if health.unsealed >= _UNSEALED_MAX else ""
    rows = (
        ("due", queue.due, "oldest for " + age(queue.oldest_due_at, now), "cyan"),
        ("delayed", queue.delayed, "wait for their retry", ""),
        ("in flight", queue.leased, "leased", "blue"),
        ("expired", queue.expired, "leases that ran out; the next claim closes them", "yellow"),
        ("in doubt", queue.in_doubt, "oldest for " + age(health.oldest_in_doubt_at, now), "red"),
        ("held", queue.held, "paused, or behind one that waits", "yellow"),
        ("dead letters", health.dead_letters, f"{health.disputed:,} disputed", "red"),
        ("counter drift", found.counter_drift, "must be none", "red"),
        (
            "not sealed",
            health.unsealed,
            f"{more} oldest for {age(health.oldest_unsealed_at, now)}".strip(),
            "",
        ),
    )
    return [
        Text.assemble(
            (f"{name:<14}", "bold"),
            (f"{number(count):>10}", style if count else "dim"),
            (f"   {remark}" if count else "", "dim"),
        )
        for name, count, remark, style in rows
    ]
