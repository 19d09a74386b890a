"""`ledgerdb resolve`, `cancel` and `record-attempt`: what people decide about one item."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer

from ledgerdb.cli.operations.document import echo
from ledgerdb.cli.operations.options import (
    Actor,
    AsJson,
    ItemId,
    Reason,
    Role,
    actor_or_login,
)
from ledgerdb.cli.operations.session import Needs, opened
from ledgerdb.cli.options import Url
from ledgerdb.rows import AttemptState, OperatorAttempt, Resolution

__all__ = ["cancel", "record_attempt", "resolve"]


class ByHand(StrEnum):
    """How an attempt by hand may have gone."""

    DISPATCHED = AttemptState.DISPATCHED
    FAILED = AttemptState.FAILED
    RETRYABLE = AttemptState.RETRYABLE


RailReference = Annotated[
    str | None,
    typer.Option("--rail-reference", help="The rail's name for the payment.", show_default=False),
]
RailCode = Annotated[
    str | None, typer.Option("--rail-code", help="What the rail answered.", show_default=False)
]


def resolve(
    outbox_id: ItemId,
    resolution: Annotated[
        Resolution,
        typer.Argument(case_sensitive=False, help="What the rail says.", show_default=False),
    ],
    *,
    attempt_no: Annotated[
        int,
        typer.Option(
            min=1,
            help="The attempt that you saw in doubt: no later doubt is ended by mistake.",
            show_default=False,
        ),
    ],
    reason: Reason,
    actor: Actor = None,
    rail_reference: RailReference = None,
    rail_code: RailCode = None,
    late_result: Annotated[
        UUID | None,
        typer.Option(
            metavar="ID",
            help="The late result that it rests on, or decides against.",
            show_default=False,
        ),
    ] = None,
    evidence: Annotated[
        str | None,
        typer.Option(metavar="JSON", help="An object that is kept with it.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    url: Url = None,
    role: Role = None,
) -> None:
    """End a doubt with what the rail says under the rail key; see `ledgerdb doubts`.

    dispatched: it has it, under a reference. failed: received and rejected. requeue: never heard
    of it.

    Example:

      ledgerdb resolve OUTBOX_ID dispatched --attempt-no 2 --rail-reference S-77 --reason "asked"
    """
    kept = _object(evidence)
    with opened(url, role, Needs.OPERATOR) as ledger:
        found = ledger.resolve(
            outbox_id,
            resolution,
            actor=actor_or_login(actor),
            reason=reason,
            rail_reference=rail_reference,
            rail_code=rail_code,
            late_result_id=late_result,
            evidence=kept,
            attempt_no=attempt_no,
        )
    _tell(outbox_id, found, as_json=as_json)


def cancel(
    outbox_id: ItemId,
    *,
    reason: Reason,
    actor: Actor = None,
    as_json: AsJson = False,
    url: Url = None,
    role: Role = None,
) -> None:
    """End an item that must not be sent: FAILED, with the error code CANCELLED.

    Refused while a worker holds it: pause its rail, wait for the lease, then cancel.

    Example:

      ledgerdb cancel OUTBOX_ID --reason "the payer withdrew it"
    """
    with opened(url, role, Needs.OPERATOR) as ledger:
        found = ledger.cancel(outbox_id, actor=actor_or_login(actor), reason=reason)
    _tell(outbox_id, found, as_json=as_json)


def record_attempt(
    outbox_id: ItemId,
    state: Annotated[
        ByHand, typer.Argument(case_sensitive=False, help="How it went.", show_default=False)
    ],
    *,
    reason: Reason,
    actor: Actor = None,
    rail_reference: RailReference = None,
    rail_code: RailCode = None,
    error_code: Annotated[
        str | None, typer.Option(help="What failed, in one word.", show_default=False)
    ] = None,
    error_message: Annotated[
        str | None, typer.Option(help="What failed, in a sentence.", show_default=False)
    ] = None,
    as_json: AsJson = False,
    url: Url = None,
    role: Role = None,
) -> None:
    """Record what was done by hand, outside of every worker, as the next attempt of an item.

    Refused while a worker holds it: pause its rail, wait for the lease, then record.

    Example:

      ledgerdb record-attempt OUTBOX_ID dispatched --rail-reference P-17 --reason "on paper"
    """
    with opened(url, role, Needs.OPERATOR) as ledger:
        found = ledger.record_manual_attempt(
            outbox_id,
            AttemptState(state),
            actor=actor_or_login(actor),
            reason=reason,
            rail_reference=rail_reference,
            rail_code=rail_code,
            error_code=error_code,
            error_message=error_message,
        )
    _tell(outbox_id, found, as_json=as_json)


def _object(text: str | None) -> Mapping[str, Any] | None:
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise typer.BadParameter(f"--evidence {text!r}: is no JSON object")
    return found


def _tell(outbox_id: UUID, found: OperatorAttempt, *, as_json: bool) -> None:
    if as_json:
        echo({"outbox_id": outbox_id, "attempt_no": found.attempt_no, "state": found.state})
    else:
        typer.echo(f"item {outbox_id}: attempt {found.attempt_no} is {found.state}")
