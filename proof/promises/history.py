"""What nobody may change, and what rows that were written by hand become."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import psycopg

from proof.promises import items
from proof.promises.items import Item
from proof.promises.registry import promise
from proof.promises.world import Broken, Moment, World, moment, same


def refused(world: World, sqlstate: str, statement: str, *parameters: object) -> None:
    """A statement that must fail in this way, and does nothing."""
    try:
        with world.undone():
            world.run(statement, *parameters)
    except psycopg.Error as error:
        same(f"refusal of {statement:.60}", error.sqlstate, sqlstate)
    else:
        raise Broken(f"{statement:.80} is accepted")


def _written(world: World) -> None:
    """A row in each table that only grows."""
    one = items.item(world)
    items.claim(world, one)
    items.complete(world, one, "FAILED")
    items.complete(world, one, "DISPATCHED")
    world.call(
        "set_retry_policy",
        rail_type="X",
        strategy="FIXED",
        base_seconds=1,
        factor=1,
        max_seconds=1,
        jitter=0,
        actor="a",
        reason="r",
    )
    world.run(
        """
        insert into public.ledger_seals (seal_no, subject, after_position, through_position,
            row_count, leaf_version, digest, seal_hash, sealed_at)
        values (1, 'ATTEMPTS', 0, 1, 1, 1, sha256('a'), sha256('b'), now());
        insert into public.revoked_client_certs (cert_fingerprint_sha256) values ('f');
        insert into public.revoked_tokens (token_jti) values ('t');
        """
    )
    forged(world, one)


def forged(world: World, one: Item, *, horizon: str = "2100-01-01", attempts: int = 1) -> None:
    """What a retention run leaves of an item."""
    world.run(
        """
        with run as (
            insert into public.ledger_retention_runs (
                actor, reason, horizon, items, attempts, bytes
            )
            values ('a', 'r', %s, 1, 1, 1) returning run_id
        ), outcome as (
            insert into public.payment_outbox_outcomes (outbox_id, run_id, sequence_id, state,
                attempts, first_claimed_at, completed_at, digest)
            select %s, run.run_id, 1, 'FAILED', %s, now(), now(), sha256('d') from run
        )
        insert into public.ledger_retired_leaves (attempt_id, outbox_id, attempt_no, leaf)
        select a.attempt_id, a.outbox_id, a.attempt_no, sha256('l')
        from public.payment_outbox_attempts as a where a.outbox_id = %s
        """,
        *(horizon, one.outbox_id, attempts, one.outbox_id),
    )


_GROWING = {
    "payment_outbox_attempts": "state",
    "payment_outbox_identities": "rail_type",
    "payment_outbox_late_results": "worker_id",
    "payment_outbox_operator_actions": "actor",
    "payment_outbox_outcomes": "attempts",
    "ingress_attestations": "payload_hash",
    "ledger_retention_runs": "actor",
    "ledger_retired_leaves": "attempt_no",
    "ledger_seals": "digest",
    "revoked_client_certs": "revoked_by",
    "revoked_tokens": "revoked_by",
}


@promise("history is not changed, deleted or truncated, by the owner or a replica session either")
def append_only(world: World) -> None:
    _written(world)
    for session in ("origin", "replica"):
        world.run(f"set local session_replication_role = {session}")
        for table, column in _GROWING.items():
            refused(world, "P0001", f"update public.{table} set {column} = {column}")
            refused(world, "P0001", f"truncate public.{table} cascade")
            if table != "payment_outbox_attempts":
                refused(world, "P0001", f"delete from public.{table}")


@promise(
    "an attempt is deleted only by the run that retires it, before whose horizon it was complete"
)
def retired_only(world: World) -> None:
    def forge(**options: object) -> Callable[[Item], None]:
        return lambda one: forged(world, one, **options)  # type: ignore[arg-type]

    for prepare, goes in (
        (forge(), True),
        (lambda _: None, False),
        (forge(horizon="2001-01-01"), False),
    ):
        with world.undone():
            one = items.item(world)
            items.fail(world, one)
            prepare(one)
            statement = "delete from public.payment_outbox_attempts where outbox_id = %s"
            if goes:
                world.run(statement, one.outbox_id)
                same("attempts", items.attempts(world, one), [])
            else:
                refused(world, "P0001", statement, one.outbox_id)
    with world.undone():  # more attempts than the outcome counts
        one = items.item(world)
        items.claim(world, one)
        items.complete(world, one, "RETRYABLE", retry_delay_seconds=0)
        items.fail(world, one)
        forged(world, one, attempts=1)
        refused(world, "P0001", "delete from public.payment_outbox_attempts where attempt_no = 2")
        world.run("delete from public.payment_outbox_attempts where attempt_no = 1")
    with world.undone():  # the horizon is that of the completion, exactly
        one = items.item(world)
        items.fail(world, one)
        (row,) = items.attempts(world, one)
        forged(world, one, horizon=row["completed_at"].isoformat())
        refused(world, "P0001", "delete from public.payment_outbox_attempts")
    with world.undone():  # without a hash of the attempt
        one, other = items.item(world), items.item(world)
        items.claim(world, one, other)
        items.complete(world, one, "FAILED")
        forged(world, one, attempts=2)
        items.complete(world, other, "FAILED")
        refused(world, "P0001", "delete from public.payment_outbox_attempts")
        world.run(
            "insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id,"
            " sequence_id, idempotency_key, rail_type, attempt_no, state, completed_at)"
            " select outbox_id, instruction_id, participant_id, sequence_id, idempotency_key,"
            " rail_type, 2, 'RETRYABLE', completed_at from public.payment_outbox_attempts"
            " where outbox_id = %s",
            one.outbox_id,
        )
        refused(world, "P0001", "delete from public.payment_outbox_attempts where attempt_no = 2")


@promise(
    "only the transaction that retires deletes: what an older run left is no permit", alone=True
)
def older_runs(world: World) -> None:
    one = items.item(world)
    items.fail(world, one)
    forged(world, one)
    refused(world, "P0001", "delete from public.payment_outbox_attempts")


def _by_hand(world: World, one: Item, **columns: object) -> None:
    row = {
        "outbox_id": one.outbox_id,
        "tenant_id": one.tenant_id,
        "instruction_id": one.instruction,
        "participant_id": one.participant,
        "sequence_id": one.no,
        "idempotency_key": one.key,
        "rail_type": one.rail,
        "payload": one.payload,
        **columns,
    }
    names = ", ".join(row)
    places = ", ".join(f"%({name})s" for name in row)
    world.connection.execute(
        f"insert into public.payment_outbox_pending ({names}) values ({places})".encode(),
        row,
    )


def _new(no: int = 1, **details: object) -> Item:
    return Item(outbox_id=uuid4(), no=no, payload='{"a": 1}', **details)  # type: ignore[arg-type]


@promise("an item that is queued by hand gets its identity, and the numbers go on after it")
def adopted_items(world: World) -> None:
    tenant_id = items.tenant(world)
    one = _new(7, tenant_id=tenant_id)
    _by_hand(world, one)
    (identity,) = world.table("payment_outbox_identities")
    one.created_at = identity["created_at"]
    same("identity", identity, one.identity())
    same("queue", items.queue(world, one), one.queued())
    again = world.one(
        "enqueue_payment_outbox", **items.enqueuing(_new(participant=one.participant))
    )
    same("next number", again["sequence_id"], 8)
    low = _new(3, participant=one.participant)
    _by_hand(world, low)
    counters = world.table("participant_outbox_sequences", participant_id=one.participant)
    same("counter", counters[0]["next_sequence_id"], 9)
    rows = world.call("claim_outbox_items", batch_size=9, worker_id="w", lease_seconds=60)
    same("claimed", len(rows), 3)
    row = next(row for row in rows if row["outbox_id"] == one.outbox_id)
    same("payload", row["payload"], one.payload)


@promise("a row that is queued by hand under the key of another item is refused")
def foreign_keys(world: World) -> None:
    tenant_id = items.tenant(world)
    one = _new(tenant_id=tenant_id)
    _by_hand(world, one)
    world.run("delete from public.payment_outbox_pending")
    with world.undone():
        _by_hand(world, one)  # the same item again, as after a restore
    for changes in (
        {"outbox_id": uuid4()},
        {"rail_type": "X"},
        {"participant_id": "X"},
        {"payload": '{"a": 2}'},
        {"instruction_id": "X"},
        {"idempotency_key": "X"},
        {"tenant_id": None},
    ):
        try:
            with world.undone():
                _by_hand(world, one, **changes)
        except psycopg.Error as error:
            found = (error.sqlstate, error.diag.constraint_name)
            same(f"refusal of {changes}", found, ("23505", "ux_outbox_identities_key"))
        else:
            raise Broken(f"{changes} of another item is accepted")


@promise("the payload of an item whose identity has none stays with its row")
def kept_payloads(world: World) -> None:
    one = _new()
    world.run(
        "insert into public.payment_outbox_identities (outbox_id, instruction_id, idempotency_key,"
        " participant_id, rail_type, fingerprint) values (%s, %s, %s, %s, %s, %s)",
        *(one.outbox_id, one.instruction, one.key, one.participant, one.rail, one.fingerprint),
    )
    _by_hand(world, one)
    same("payload", (items.queue(world, one) or {})["payload"], {"a": 1})
    (row,) = items.claim(world, one)
    same("claimed", row["payload"], one.payload)


@promise("an attempt that is written by hand counts: it has an identity, and the counter passes it")
def adopted_attempts(world: World) -> None:
    def write(one: Item, attempt_no: int) -> None:
        world.run(
            "insert into public.payment_outbox_attempts (outbox_id, tenant_id, instruction_id,"
            " participant_id, sequence_id, idempotency_key, rail_type, attempt_no, state, payload)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, 'RETRYABLE', %s)",
            *(one.outbox_id, one.tenant_id, one.instruction, one.participant, one.no, one.key),
            *(one.rail, attempt_no, one.payload),
        )

    fresh = _new(tenant_id=items.tenant(world))
    write(fresh, 1)
    (identity,) = world.table("payment_outbox_identities")
    fresh.created_at = identity["created_at"]
    same("identity", identity, fresh.identity())
    waiting, other = items.enqueue(world), items.enqueue(world)
    for attempt_no, counter in ((3, 3), (2, 3), (4, 4)):
        write(waiting, attempt_no)
        same("counter", (items.queue(world, waiting) or {})["attempt_count"], counter)
    same("other", (items.queue(world, other) or {})["attempt_count"], 0)
    same(
        "payload", [row["payload"] for row in items.attempts(world, waiting)], [{"amount": 10}] * 3
    )
    (row, _) = items.claim(world, waiting, other)
    same("next", row["attempt_no"], 5)


@promise("an item that was moved or inserted into the past is found, wherever claims look")
def found_in_the_past(world: World) -> None:
    def mark(sweep: str) -> None:
        # Claims look from now on, and sweep much later.
        micros = "(extract(epoch from clock_timestamp()) * 1000000)::bigint"
        world.run(
            f"select setval('public.outbox_due_mark', {micros}),"
            f" setval('public.outbox_due_sweep', {micros} + {sweep})"
        )

    moved, inserted = items.enqueue(world), _new()
    world.run(
        "update public.payment_outbox_pending set next_attempt_at = now() + interval '1 hour'"
    )
    mark("30000000")
    world.run(
        "update public.payment_outbox_pending set next_attempt_at = now() - interval '1 hour'"
    )
    items.claim(world, moved)
    mark("30000000")
    _by_hand(world, inserted, next_attempt_at=moment() - timedelta(hours=1))
    items.claim(world, inserted)
    # On hold, it stays there.
    held = items.enqueue(world)
    for at in ("infinity", "2020-01-01"):
        world.run(
            "update public.payment_outbox_pending set hold = 'IN_DOUBT', held_at = now(),"
            " next_attempt_at = %s where outbox_id = %s",
            *(at, held.outbox_id),
        )
    items.claim(world)
    # What nobody marked is found by the sweep: when its time has come, or is out of all bounds.
    world.run("delete from public.payment_outbox_pending")
    for sweep, finds in (("30000000", False), ("-1", True), ("-2000000", True), ("90000000", True)):
        with world.undone():
            one = items.enqueue(world)
            world.run("set local session_replication_role = replica")  # no trigger follows
            world.run(
                "update public.payment_outbox_pending set next_attempt_at = now() - interval '1 h'"
            )
            world.run("set local session_replication_role = origin")
            mark(sweep)
            items.claim(world, *([one] if finds else []))
    # A claim that does not sweep does not put the next sweep off.
    mark("-500000")
    before = world.table("outbox_due_sweep")
    items.claim(world, items.enqueue(world))
    same("the time of the sweep", world.table("outbox_due_sweep"), before)
    world.run("select setval('public.outbox_due_sweep', 0)")


@promise("an edit of a lease that also names the time keeps it; other edits touch nothing")
def edited_times(world: World) -> None:
    one = items.enqueue(world)
    items.claim(world, one)
    until = moment() + timedelta(minutes=5)
    world.run(
        "update public.payment_outbox_pending set lease_expires_at = %s, next_attempt_at = %s",
        *(until + timedelta(minutes=1), until),
    )
    same("time", (items.queue(world, one) or {})["next_attempt_at"], until)
    world.run("update public.payment_outbox_pending set claimed_by = 'x'")
    same("time", (items.queue(world, one) or {})["next_attempt_at"], until)
    first = moment()
    world.run("update public.payment_outbox_pending set lease_expires_at = null")
    promised = Moment(first, moment())
    same("time", (items.queue(world, one) or {})["next_attempt_at"], promised)


@promise(
    "PUBLIC executes nothing of ours, definers pin their path, and private functions are private"
)
def privileges(world: World) -> None:
    ours = "f.pronamespace = 'public'::regnamespace and f.prokind = 'f'"
    found = world.rows(
        f"select f.proname from pg_proc as f cross join aclexplode(f.proacl) as a"
        f" where {ours} and a.grantee = 0"
    )
    same("open to PUBLIC", found, [])
    found = world.rows(f"select f.proname from pg_proc as f where {ours} and f.proacl is null")
    same("default privileges", found, [])
    found = world.rows(
        f"select f.proname from pg_proc as f where {ours} and f.prosecdef"
        " and not 'search_path=pg_catalog, public, pg_temp' = any(coalesce(f.proconfig, '{}'))"
    )
    same("without a path", found, [])
    found = world.rows(
        f"select f.proname from pg_proc as f cross join aclexplode(f.proacl) as a"
        f" where {ours} and f.proname ~ '^_' and a.grantee <> f.proowner"
    )
    same("private", found, [])
