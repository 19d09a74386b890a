"""Instructions in a scratch database that live every life an instruction can have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, LiteralString
from uuid import UUID

from ledgerdb.verify.retry_semantics.session import Session

__all__ = ["LIVES", "PAYLOAD", "TENANT", "Life", "live"]

TENANT: Final = UUID("6f1c2a54-0c2b-4c8e-9d59-0d5f4c1f7b10")
# Bytes that no serializer gives back: spaces, a number with zeros, an escape, characters of more
# than one byte and of more than one UTF-16 unit.
PAYLOAD: Final = '{ "amount":"10.00",  "number": 1.500e1, "note": "\\u20ac é \U0001f4b6" }'
_AGED_DAYS: Final = 100
_WORKER: Final = "worker-ä"
_ITEM: Final = """
select i.outbox_id::text from public.payment_outbox_identities as i where i.instruction_id = %s
"""
_ALWAYS: Final = """
select tgname::text as name from pg_catalog.pg_trigger
where tgrelid = %s::regclass and tgenabled = 'A'
"""


@dataclass(frozen=True, slots=True)
class Life:
    """One instruction, named for its life, and what must come of it.

    Attributes:
        states: of its attempts, in order; those of a retired one are gone.
        sealed: it happens before the sealer comes.
    """

    name: str
    state: str
    states: tuple[str, ...]
    happen: Callable[[Session, Life], None]
    late_results: int = 0
    actions: tuple[str, ...] = ()
    sealed: bool = True

    @property
    def instruction_id(self) -> str:
        return f"{self.name} \U0001f9fe/%"


def live(session: Session) -> None:
    """Makes every life. Those that stay on the queue come last: a claim takes whatever is due."""
    session.rows("select from public.register_tenant(%s, 'acme', 'Acme', 'COMMERCIAL')", TENANT)
    for life in LIVES:
        if life.sealed:
            _ingest(session, life)
            life.happen(session, life)
    while session.value("select outcome from public.seal_ledger(4)") == "MORE":
        pass
    session.rows(
        """select from public.retire_history(
            clock_timestamp() - make_interval(days => 91), 1000, 'auditor', 'kept long enough')"""
    )
    for life in LIVES:
        if not life.sealed:
            _ingest(session, life)
            life.happen(session, life)


def _ingest(session: Session, life: Life) -> None:
    session.rows(
        "select from public.ingest_instruction(%s, %s, %s, %s, 'SEPA', %s)",
        TENANT,
        life.instruction_id,
        "Bank Ø \U0001f3e6",
        f"{life.name}/ключ",
        PAYLOAD,
    )


def _item(session: Session, life: Life) -> str:
    return str(session.value(_ITEM, life.instruction_id))


def _claim(session: Session, *, dispatch: bool = False) -> Any:  # noqa: ANN401 - a row
    session.make_due()
    (item,) = session.claim(_WORKER)
    if dispatch:
        session.rows(
            "select from public.begin_outbox_dispatch(%s, %s, %s)",
            [item.outbox_id],
            [item.lease_token],
            _WORKER,
        )
    return item


def _complete(session: Session, item: Any, state: str) -> None:  # noqa: ANN401 - a row
    """Ends the attempt, or leaves a late result."""
    session.rows(
        """select from public.complete_outbox_attempts(%s, %s, %s,
            %s::public.outbox_attempt_state[], %s, %s, %s, %s, %s, array[0])""",
        *(_WORKER, [item.outbox_id], [item.lease_token], [state]),
        *(["ref/é\t1" if state == "DISPATCHED" else None], ["00"]),
        *(([None], [None]) if state == "DISPATCHED" else (["E-1"], ['"no"\n\\ \x01'])),
        [12],
    )


def _send(session: Session, state: str = "DISPATCHED") -> None:
    _complete(session, _claim(session, dispatch=True), state)


def _crash(session: Session, *, dispatch: bool = False) -> Any:  # noqa: ANN401 - a row
    """A worker that is never heard of again, until perhaps too late."""
    item = _claim(session, dispatch=dispatch)
    session.expire([str(item.outbox_id)])
    session.repair()
    return item


def _operate(session: Session, query: LiteralString, *values: object) -> None:
    session.rows(query, *values, "olga", "a ticket says so")


def _redrive(session: Session, life: Life) -> None:
    _operate(
        session,
        "select from public.redrive_dead_letters(array[%s::uuid], false, %s, %s)",
        _item(session, life),
    )


def _resolve(session: Session, life: Life, resolution: str) -> None:
    _operate(
        session,
        """select from public.resolve_outbox_item(%s, %s, p_rail_reference => %s,
            p_actor => %s, p_reason => %s)""",
        *(_item(session, life), resolution),
        "found at the rail" if resolution == "DISPATCHED" else None,
    )


def _as_owner(session: Session, table: LiteralString, statement: LiteralString, life: Life) -> None:
    """What only an owner can do, past the triggers, to the rows of one instruction."""
    with session.transaction():
        always = [row.name for row in session.rows(_ALWAYS, f"public.{table}")]
        session.rows(f"alter table public.{table} disable trigger user")
        session.rows(
            f"update public.{table} {statement} where instruction_id = %s", life.instruction_id
        )
        for name in always:
            session.connection.execute(
                f'alter table public.{table} enable always trigger "{name}"'.encode()
            )


def _nothing(_session: Session, _life: Life) -> None:
    """It waits."""


def _dispatched(session: Session, _life: Life) -> None:
    _send(session)


def _failed(session: Session, _life: Life) -> None:
    _send(session, "FAILED")


def _retried(session: Session, _life: Life) -> None:
    _complete(session, _claim(session), "RETRYABLE")
    _send(session)


def _crashed(session: Session, _life: Life) -> None:
    _crash(session)
    _send(session)


def _in_doubt(session: Session, _life: Life) -> None:
    _crash(session, dispatch=True)


def _resolved(session: Session, life: Life) -> None:
    _crash(session, dispatch=True)
    _resolve(session, life, "DISPATCHED")


def _late(session: Session, _life: Life) -> None:
    item = _crash(session)
    _complete(session, item, "DISPATCHED")
    _send(session, "FAILED")


def _redriven(session: Session, life: Life) -> None:
    _send(session, "FAILED")
    _redrive(session, life)
    _send(session)


def _redriven_waiting(session: Session, life: Life) -> None:
    _send(session, "FAILED")
    _redrive(session, life)


def _cancelled(session: Session, life: Life) -> None:
    _operate(session, "select from public.cancel_outbox_item(%s, %s, %s)", _item(session, life))


def _by_hand(session: Session, life: Life) -> None:
    _operate(
        session,
        """select from public.record_manual_attempt(
            %s, 'DISPATCHED', 'by telephone', '00', null, null, %s, %s)""",
        _item(session, life),
    )


def _eventful(session: Session, life: Life) -> None:
    _complete(session, _claim(session), "RETRYABLE")
    _crash(session, dispatch=True)
    _resolve(session, life, "REQUEUE")
    _complete(session, _crash(session), "FAILED")
    _send(session, "FAILED")
    _redrive(session, life)
    _send(session)


def _retired(session: Session, life: Life) -> None:
    _retried(session, life)
    days = f"interval '{_AGED_DAYS} days'"
    _as_owner(session, "ingress_attestations", f"set received_at = received_at - {days}", life)
    _as_owner(session, "payment_outbox_identities", f"set created_at = created_at - {days}", life)
    _as_owner(
        session,
        "payment_outbox_attempts",
        f"""set claimed_at = claimed_at - {days}, completed_at = completed_at - {days},
            dispatch_started_at = dispatch_started_at - {days}, created_at = created_at - {days}""",
        life,
    )


def _without_position(session: Session, life: Life) -> None:
    """As rows from before revision 0006 are: their seals go by ids."""
    _retried(session, life)
    for table, name in (
        ("ingress_attestations", "ck_attestations_ledger_position"),
        ("payment_outbox_attempts", "ck_attempts_ledger_position"),
    ):
        with session.transaction():
            session.rows(f"alter table public.{table} drop constraint {name}")
            _as_owner(session, table, "set ledger_position = null", life)
            session.rows(
                f"""alter table public.{table}
                add constraint {name} check (ledger_position is not null) not valid"""
            )


LIVES: Final = (
    Life("dispatched", "DISPATCHED", ("DISPATCHED",), _dispatched),
    Life("failed", "FAILED", ("FAILED",), _failed),
    Life("retried", "DISPATCHED", ("RETRYABLE", "DISPATCHED"), _retried),
    Life("crashed", "DISPATCHED", ("ZOMBIE_REQUEUE", "DISPATCHED"), _crashed),
    Life("resolved", "DISPATCHED", ("DISPATCHED",), _resolved, actions=("RESOLVE",)),
    Life("late", "FAILED", ("ZOMBIE_REQUEUE", "FAILED"), _late, late_results=1),
    Life("redriven", "DISPATCHED", ("FAILED", "DISPATCHED"), _redriven, actions=("REDRIVE",)),
    Life("cancelled", "FAILED", ("FAILED",), _cancelled, actions=("CANCEL",)),
    Life("by hand", "DISPATCHED", ("DISPATCHED",), _by_hand, actions=("MANUAL_ATTEMPT",)),
    Life("retired", "DISPATCHED", (), _retired),
    Life("without position", "DISPATCHED", ("RETRYABLE", "DISPATCHED"), _without_position),
    Life(
        "eventful",
        "DISPATCHED",
        ("RETRYABLE", "ZOMBIE_REQUEUE", "ZOMBIE_REQUEUE", "FAILED", "DISPATCHED"),
        _eventful,
        late_results=1,
        actions=("RESOLVE", "REDRIVE"),
    ),
    Life("in doubt", "IN_DOUBT", (), _in_doubt),
    Life("unsealed", "DISPATCHED", ("RETRYABLE", "DISPATCHED"), _retried, sealed=False),
    Life(
        "redriven and waiting",
        "PENDING",
        ("FAILED",),
        _redriven_waiting,
        actions=("REDRIVE",),
        sealed=False,
    ),
    Life("waiting", "PENDING", (), _nothing, sealed=False),
)
