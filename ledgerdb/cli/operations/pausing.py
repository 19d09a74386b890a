"""`ledgerdb pause` and `ledgerdb resume`: the queue, a rail or a tenant stands still or runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from ledgerdb.cli.operations.document import echo
from ledgerdb.cli.operations.layout import console
from ledgerdb.cli.operations.options import Actor, AsJson, Reason, Role, actor_or_login
from ledgerdb.cli.operations.session import Needs, opened
from ledgerdb.cli.options import Url
from ledgerdb.errors import Contention
from ledgerdb.rows import BATCH_SIZE_MAX, BreakdownBy, ControlScope, ResumedScope
from ledgerdb.sync import Ledger

__all__ = ["pause", "resume"]

_INTERRUPTED: Final = 130
_WHOLE_QUEUE: Final = "*"
_IDLE_ROUNDS_MAX: Final = 10
_IDLE_SECONDS: Final = 0.2  # the items that are left are in another session's hands

Scope = Annotated[
    ControlScope, typer.Argument(case_sensitive=False, help="What of it.", show_default=False)
]
Key = Annotated[
    str | None,
    typer.Argument(help="The rail, or the tenant's id; none for queue.", show_default=False),
]
# A change of the same scope is under way: it is over in a moment.
_patiently = Retrying(
    retry=retry_if_exception_type(Contention),
    stop=stop_after_attempt(5),
    wait=wait_random(0.1, 0.5),
    reraise=True,
)


def pause(
    scope: Scope,
    key: Key = None,
    *,
    reason: Reason,
    actor: Actor = None,
    as_json: AsJson = False,
    url: Url = None,
    role: Role = None,
) -> None:
    """Stop the queue, a rail or a tenant: workers get nothing of it any more.

    What is leased goes on. Pausing twice is no error.

    Examples:

      ledgerdb pause rail SEPA --reason "SEPA is down"

      ledgerdb pause queue --reason "failover drill"
    """
    key = _key(scope, key)
    with opened(url, role, Needs.OPERATOR) as ledger:
        control = _patiently(ledger.pause, scope, key, actor=actor_or_login(actor), reason=reason)
        is_idle = scope is ControlScope.RAIL and not _is_on_queue(ledger, key)
    if is_idle:
        typer.echo(f"note: nothing of rail {key} is on the queue; is that its name?", err=True)
    if as_json:
        echo(control)
    else:
        typer.echo(f"{scope.value} {control.scope_key} is paused")


def resume(
    scope: Scope,
    key: Key = None,
    *,
    reason: Reason,
    actor: Actor = None,
    as_json: AsJson = False,
    url: Url = None,
    role: Role = None,
) -> None:
    """Let the queue, a rail or a tenant run again, and make what it held due.

    Goes on until nothing is held. Ctrl-C: it runs again, and workers release the rest.

    Examples:

      ledgerdb resume rail SEPA --reason "SEPA is back"

      ledgerdb resume tenant 6f1c2a54-0c2b-4c8e-9d59-0d5f4c1f7b10 --reason "ticket 4711"
    """
    key = _key(scope, key)
    interrupted = False
    with opened(url, role, Needs.OPERATOR) as ledger:
        was_paused = any(
            (control.scope, control.scope_key) == (scope, key) and control.paused
            for control in ledger.controls()
        )
        done = {"released": 0, "remaining": 0}
        once = partial(
            _patiently, ledger.resume, scope, key, actor=actor_or_login(actor), reason=reason
        )
        try:
            _release(once, done)
        except KeyboardInterrupt:
            interrupted = True
    document: dict[str, Any] = {
        "scope": scope,
        "scope_key": key,
        "was_paused": was_paused,
        **done,
        "interrupted": interrupted,
    }
    if as_json:
        echo(document)
    else:
        note = "" if was_paused else " (it was not paused)"
        typer.echo(f"{scope.value} {key} runs{note}: {done['released']:,} held items are due")
    if done["remaining"]:
        typer.echo(f"{done['remaining']:,} are left to the workers' repair", err=True)
    if interrupted:
        raise typer.Exit(_INTERRUPTED)


def _release(once: Callable[[], ResumedScope], done: dict[str, int]) -> None:
    """Resumes, and releases what was held, batch by batch; `done` says how far it came."""
    out = console(stderr=True)
    with Progress(
        TextColumn("resuming", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=out,
        transient=True,
        disable=not out.is_terminal,
    ) as progress:
        task = progress.add_task("resuming", total=None)
        idle_rounds = 0
        while idle_rounds < _IDLE_ROUNDS_MAX:
            step = once()
            done["released"] += step.released
            done["remaining"] = step.remaining
            progress.update(
                task, completed=done["released"], total=done["released"] + step.remaining
            )
            if not step.remaining:
                return
            if step.released:
                idle_rounds = 0
            else:
                idle_rounds += 1
                time.sleep(_IDLE_SECONDS)


def _key(scope: ControlScope, key: str | None) -> str:
    if scope is ControlScope.QUEUE:
        if key not in {None, _WHOLE_QUEUE}:
            raise typer.BadParameter(f"queue is the whole queue: leave out {key!r}")
        return _WHOLE_QUEUE
    if key is None:
        raise typer.BadParameter(
            "name the rail" if scope is ControlScope.RAIL else "name the tenant by its id"
        )
    return key.lower() if scope is ControlScope.TENANT else key


def _is_on_queue(ledger: Ledger, rail: str) -> bool:
    parts = ledger.breakdown(BreakdownBy.RAIL, BATCH_SIZE_MAX)
    return any(part.scope_key == rail for part in parts)
