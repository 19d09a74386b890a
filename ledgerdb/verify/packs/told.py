"""Does a pack say what the tables say? Read once more in plain SQL, with spellings of our own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final, LiteralString
from uuid import UUID

from ledgerdb.verify.ledger_leaves import row_texts
from ledgerdb.verify.packs.lives import TENANT, Life
from ledgerdb.verify.retry_semantics.session import Session

__all__ = ["differences"]

# How a column becomes JSON in a pack.
_AS_IT_IS: Final = "t.{0}"
_TEXT: Final = "t.{0}::text"
_HEX: Final = "encode(t.{0}, 'hex')"
_TIME: Final = """to_char(t.{0} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_Columns = Mapping[str, tuple[str, ...]]
_ATTESTATION: Final[_Columns] = {
    _TEXT: ("attestation_id", "tenant_id", "client_id", "member_id", "correlation_id"),
    _AS_IT_IS: ("instruction_id", "participant_id", "payload_hash", "signature_hash"),
    _TIME: ("received_at",),
}
_IDENTITY: Final[_Columns] = {
    _TEXT: ("outbox_id",),
    _AS_IT_IS: ("idempotency_key", "rail_type"),
    _HEX: ("fingerprint",),
    _TIME: ("created_at",),
}
_RESULT: Final = ("rail_reference", "rail_code", "error_code", "error_message", "latency_ms")
_ATTEMPT: Final[_Columns] = {
    _TEXT: ("attempt_id", "state"),
    _AS_IT_IS: ("attempt_no", "worker_id", "closed_by", "redrive_no", *_RESULT),
    _TIME: ("claimed_at", "dispatch_started_at", "completed_at"),
}
_LATE: Final[_Columns] = {
    _TEXT: ("late_result_id", "state", "outcome"),
    _AS_IT_IS: ("worker_id", *_RESULT),
    _TIME: ("received_at",),
}
_ACTION: Final[_Columns] = {
    _TEXT: ("action_id",),
    _AS_IT_IS: ("action", "actor", "reason"),
    _TIME: ("created_at",),
}
_OUTCOME: Final[_Columns] = {
    _TEXT: ("run_id", "state"),
    _AS_IT_IS: ("attempts", "rail_reference", "error_code"),
    _HEX: ("digest",),
    _TIME: ("first_claimed_at", "completed_at", "retired_at"),
}
_SEAL: Final[_Columns] = {
    _TEXT: ("seal_no", "after_position", "through_position", "after_id", "through_id"),
    _AS_IT_IS: ("subject", "row_count", "leaf_version"),
    _HEX: ("digest", "previous_hash", "seal_hash"),
    _TIME: ("sealed_at",),
}
_OVER: Final = """
select s.seal_no::text from public.ledger_seals as s where s.subject = %s and (
    (%s::bigint > s.after_position and %s::bigint <= s.through_position)
    or (%s::bigint is null and %s::uuid > s.after_id and %s::uuid <= s.through_id))
"""
_ROW_ID: Final = {"ATTESTATIONS": "attestation_id", "ATTEMPTS": "attempt_id"}


def differences(session: Session, life: Life, pack: Mapping[str, Any]) -> Iterator[str]:
    """What the pack says otherwise than the tables, and what the life should have been."""
    for member, expected in _expected(session, life):
        if pack[member] != expected:
            yield f"{life.name}: {member} is {pack[member]!r}, the tables say {expected!r}"
    told = tuple(attempt["state"] for attempt in pack["attempts"])
    actions = tuple(act["action"] for act in pack["operator_actions"])
    lived = (pack["outbox"]["state"], told, len(pack["late_results"]), actions)
    if lived != (life.state, life.states, life.late_results, life.actions):
        yield f"{life.name}: lived {lived}"
    yield from _seals(session, life, pack)
    yield from _timeline(life, pack)


def _expected(session: Session, life: Life) -> Iterator[tuple[str, Any]]:
    where = "t.tenant_id = %s and t.instruction_id = %s"
    key = (TENANT, life.instruction_id)
    (attestation,) = _read(session, "ingress_attestations", _ATTESTATION, where, *key)
    (identity,) = _read(session, "payment_outbox_identities", _IDENTITY, where, *key)
    item = identity["outbox_id"]
    of_item = "t.outbox_id = %s"
    attempts = _read(
        session, "payment_outbox_attempts", _ATTEMPT, f"{of_item} order by t.attempt_no", item
    )
    yield "schema_version", session.value("select version_num from public.ledgerdb_alembic_version")
    yield "attestation", _placed(session, "ATTESTATIONS", [attestation])[0]
    yield "attempts", _placed(session, "ATTEMPTS", attempts)
    identity["sequence_id"] = session.value(
        """select sequence_id::text from (
            select sequence_id from public.payment_outbox_pending where outbox_id = %s
            union select sequence_id from public.payment_outbox_attempts where outbox_id = %s
            union select sequence_id from public.payment_outbox_outcomes where outbox_id = %s
        ) as known""",
        *(item, item, item),
    )
    yield "outbox", identity | {"state": life.state}
    for member, table, columns, order in (
        ("late_results", "payment_outbox_late_results", _LATE, "received_at, late_result_id"),
        ("operator_actions", "payment_outbox_operator_actions", _ACTION, "created_at, action_id"),
    ):
        yield member, _read(session, table, columns, f"{of_item} order by {order}", item)
    outcomes = _read(session, "payment_outbox_outcomes", _OUTCOME, of_item, item)
    yield "retired", outcomes[0] if outcomes else None


def _seals(session: Session, life: Life, pack: Mapping[str, Any]) -> Iterator[str]:
    """Each seal as the ledger has it; those over the rows of the pack are all there."""
    seals = {
        seal["seal_no"]: seal
        for seal in _read(session, "ledger_seals", _SEAL, "true order by seal_no")
    }
    for seal in pack["seals"]:
        if seal != seals.get(seal["seal_no"]):
            yield f"{life.name}: seal {seal['seal_no']} is another than that of the ledger"
    rows = (pack["attestation"], *pack["attempts"])
    over = {row["chain"]["seal_no"] for row in rows} - {None}
    if not over <= {seal["seal_no"] for seal in pack["seals"]}:
        yield f"{life.name}: a seal over a row is not in the pack"


def _read(
    session: Session, table: LiteralString, columns: _Columns, where: LiteralString, *values: object
) -> list[dict[str, Any]]:
    chosen = ", ".join(
        f"{how.format(name)} as {name}" for how, names in columns.items() for name in names
    )
    # names of our own, no values
    rows = session.rows(f"select {chosen} from public.{table} as t where {where}", *values)  # noqa: S608
    return [row._asdict() for row in rows]


def _placed(session: Session, subject: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, each with its place in the chain of hashes."""
    name = _ROW_ID[subject]
    texts = row_texts(session.connection, subject, [UUID(row[name]) for row in rows])
    table = "ingress_attestations" if subject == "ATTESTATIONS" else "payment_outbox_attempts"
    placed = []
    for row in rows:
        one = row[name]
        position = session.value(
            f"select ledger_position::text from public.{table} where {name} = %s",  # noqa: S608
            one,
        )
        over = session.rows(_OVER, subject, *[position] * 3, *[one] * 2)
        chain = {
            "position": position,
            "leaf": sha256(texts[UUID(one)].encode()).hexdigest(),
            "seal_no": over[0].seal_no if over else None,
        }
        placed.append(row | {"chain": chain})
    return placed


def _timeline(life: Life, pack: Mapping[str, Any]) -> Iterator[str]:
    """Every time of the pack is on the timeline, in order, and nothing else is: but not the claim
    of a row that nobody held a lease for, nor a seal that only links others.
    """
    rows = (pack["attestation"], *pack["attempts"])
    over = {row["chain"]["seal_no"] for row in rows}
    times = {
        pointer: value
        for pointer, value in _leaves("", {**pack, "timeline": None, "proof": None})
        if pointer.endswith("_at")
        and value is not None
        and not (pointer.endswith("/claimed_at") and _of(pack, pointer)["worker_id"] is None)
        and not (pointer.endswith("/sealed_at") and _of(pack, pointer)["seal_no"] not in over)
    }
    told = [(event["at"], event["source"]) for event in pack["timeline"]]
    if sorted(told) != sorted((value, pointer) for pointer, value in times.items()):
        yield f"{life.name}: the timeline is not that of the times in the pack"
    if [at for at, _ in told] != sorted(at for at, _ in told):
        yield f"{life.name}: the timeline is not in order"
    ends = [
        event["event"] for event in pack["timeline"] if event["source"].endswith("completed_at")
    ]
    if tuple(end for end in ends if end in set(life.states)) != life.states:
        yield f"{life.name}: the timeline ends attempts as {ends}"


def _leaves(pointer: str, value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _leaves(f"{pointer}/{name}", member)
    elif isinstance(value, list):
        for place, member in enumerate(value):
            yield from _leaves(f"{pointer}/{place}", member)
    else:
        yield pointer, value


def _of(pack: Mapping[str, Any], pointer: str) -> Mapping[str, Any]:
    found: Any = pack
    for step in pointer.split("/")[1:-1]:
        found = found[int(step)] if isinstance(found, list) else found[step]
    return dict(found)
