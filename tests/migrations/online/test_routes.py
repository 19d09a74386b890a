"""A database in use takes the online route; it ends as one that took the direct route does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import MigrationError
from ledgerdb.migrate import LogReport, StepInfo, pins, route, upgrade
from ledgerdb.verify.fingerprint import describe
from tests.commands import ROOT
from tests.migrations.databases import query, revisions
from tests.migrations.online.traffic import Traffic
from tests.migrations.test_items_in_flight import ENQUEUE, fill
from tests.sql.queue import Queue

REVISIONS = ("0003", "0004", "0006")
# steps that prepare a revision, on the whole line
PREPARED = sum(len(pins.pins_of(path)) for path in (ROOT / "migrations/online").glob("[0-9]*.py"))

COLUMNS = """select attrelid::regclass::text, attnum, attname from pg_catalog.pg_attribute
    where attnum > 0 and not attisdropped and attrelid in (
        select oid from pg_catalog.pg_class
        where relkind = 'r' and relnamespace = 'public'::regnamespace
            and relname not like 'ledgerdb%') order by 1, 2"""
IDENTITIES = "select * from public.payment_outbox_identities order by outbox_id"
WITHOUT_IDENTITY = """select distinct outbox_id from (
        select outbox_id from public.payment_outbox_pending
        union select outbox_id from public.payment_outbox_attempts) as item
    where not exists (
        select from public.payment_outbox_identities as i where i.outbox_id = item.outbox_id)
    order by 1"""


def state(url: str) -> dict[str, list[Any]]:
    with psycopg.connect(url) as connection:
        return {
            "catalog": list(describe(connection)),
            "columns": connection.execute(COLUMNS).fetchall(),
            "identities": connection.execute(IDENTITIES.encode()).fetchall(),
        }


class Stages(LogReport):
    """Does something before each step of a preparation, and before each transaction."""

    def __init__(self, act: Callable[[str], None]) -> None:
        self._act = act

    def prepared(self, step: StepInfo, name: str, done: int, total: int | None) -> None:
        if done in (0, total):
            self._act(f"{step.revision} {name} {'done' if done else 'begins'}")


@pytest.fixture
def twin_url(
    baseline_database_url: str, server: EmbeddedServer, version: int
) -> Iterator[Callable[[], str]]:
    """Makes a copy of the database, as it is when asked for."""
    source = psycopg.conninfo.conninfo_to_dict(baseline_database_url)["dbname"]
    name = f"{source}_twin"

    def copy() -> str:
        # the fixture's own session, above all
        end = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s"
        query(server.url(), end, source)
        query(server.url(), f'create database "{name}" template "{source}"')
        return server.url(name)

    yield copy
    query(server.url(), f'drop database if exists "{name}" with (force)')


def spoil(old: Queue) -> None:
    """What only happens by hand and in races: an attempt without an item; a key that two items
    have, once in the history and once on the queue."""
    old.connection.execute(
        """insert into public.payment_outbox_attempts
            (outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            payload, attempt_no, state, created_at)
        values
            (%(by_hand)s, 'by hand', 'p', 90, 'by hand', 'RTGS', '{}', 1, 'DISPATCHED', now()),
            (%(first)s, 'twice', 'p', 91, 'twice', 'RTGS', '{}', 1, 'FAILED', '2026-01-01'),
            (%(first)s, 'twice', 'p', 91, 'twice', 'RTGS', '{}', 2, 'RETRYABLE', '2026-01-03'),
            (%(second)s, 'twice', 'p', 92, 'twice', 'RTGS', '{}', 1, 'DISPATCHED', '2026-01-02')""",
        {"by_hand": UUID(int=1), "first": UUID(int=3), "second": UUID(int=2)},
    )
    old.connection.execute(
        """insert into public.payment_outbox_pending
            (outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            payload, created_at)
        values (%s, 'twice', 'p', 93, 'twice', 'RTGS', '{}', '2026-01-02')""",
        [UUID(int=4)],
    )


def test_both_routes_end_in_the_same(
    baseline_database_url: str, twin_url: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(baseline_database_url, autocommit=True) as connection:
        old = Queue(connection)
        fill(old)
        spoil(old)
    direct_url = twin_url()
    for revision in ("0002", *REVISIONS, "head"):
        upgrade(baseline_database_url, revision)
        with monkeypatch.context() as patched:
            patched.setattr("ledgerdb.migrate.plan.route_from", lambda _: route.Route.DIRECT)
            upgrade(direct_url, revision)
        if revision == "0002":
            continue
        online, direct = state(baseline_database_url), state(direct_url)
        if revision == "0003":  # what stays for calls that it finds in the middle
            helpers = [line for line in online["catalog"] if "dentify_" in line]
            assert len(helpers) == 2
            online["catalog"] = [line for line in online["catalog"] if line not in helpers]
        assert online == direct, revision
        if revision == "0003":  # the check of 0004 refuses an item that waits without an identity
            for url in (baseline_database_url, direct_url):
                losers = query(url, WITHOUT_IDENTITY)
                assert losers == [(UUID(int=2),), (UUID(int=4),)]
                delete = "delete from public.payment_outbox_pending where outbox_id = %s"
                query(url, delete, UUID(int=4))
    routes = "select distinct route from public.ledgerdb_migrations where revision >= '0003'"
    assert query(baseline_database_url, routes) == [("ONLINE",)]
    assert query(direct_url, routes) == [("DIRECT",)]
    journal = "select state, count(*)::integer from public.ledgerdb_migration_steps group by 1"
    assert query(baseline_database_url, journal) == [("DONE", PREPARED)]
    assert query(direct_url, journal) == []
    assert query(baseline_database_url, WITHOUT_IDENTITY) == [(UUID(int=2),)]


def test_the_old_functions_go_on_between_all_steps_and_during_them(
    baseline_database_url: str,
) -> None:
    """As the roles of the reference; rows by hand too, of who may write them."""
    stages: list[str] = []
    replay = '{"amount": 1.10, "to": "ü"}'

    def by_hand(stage: str) -> None:
        stages.append(stage)
        if revisions(baseline_database_url)[0] >= "0004":
            return  # from then on its identity comes with a trigger of the revision
        with psycopg.connect(baseline_database_url) as connection:
            connection.execute("set role symphony_control")
            connection.execute(
                """insert into public.payment_outbox_pending (instruction_id, participant_id,
                    sequence_id, idempotency_key, rail_type, payload)
                values (%s, 'by hand', %s, %s, 'RTGS', '{}')""",
                [stage, len(stages), stage],
            )
            connection.execute(
                """insert into public.payment_outbox_attempts (outbox_id, instruction_id,
                    participant_id, sequence_id, idempotency_key, rail_type, payload, attempt_no,
                    state)
                values (gen_random_uuid(), %s, 'by hand', 1, 'a', 'RTGS', '{}', 1, 'DISPATCHED')""",
                [stage],
            )

    with psycopg.connect(baseline_database_url, autocommit=True) as connection:
        old = Queue(connection)
        claimed = fill(old)
    with Traffic(baseline_database_url) as traffic:
        upgrade(baseline_database_url, report=Stages(by_hand))
    assert traffic.errors == []
    assert len(stages) == 2 * PREPARED
    assert traffic.rounds > 0
    assert query(baseline_database_url, WITHOUT_IDENTITY) == []
    found = query(
        baseline_database_url,
        "select instruction_id, outbox_id from public.payment_outbox_identities"
        " where instruction_id like 'live-%'",
    )
    assert dict(found) == traffic.items
    with psycopg.connect(baseline_database_url, autocommit=True) as connection:
        old = Queue(connection)
        for name, outbox_id in list(traffic.items.items())[::20]:
            participant = f"live-{int(name.removeprefix('live-')) % 7}"
            assert old.rows(ENQUEUE, name, participant, name, replay)[0].outbox_id == outbox_id
        for name, item in claimed.items():
            row = old.rows(ENQUEUE, name, "p", name, '{"amount": 1.10}')[0]
            assert row.outbox_id == item.outbox_id
        assert old.rows("select * from public.outbox_counter_drift()") == []
        # every item on the queue ends without a copy of its payload in the attempts
        waiting = """select count(*) from public.payment_outbox_pending as p
            join public.payment_outbox_identities as i using (outbox_id) where i.payload is null"""
        assert old.value(waiting) == 0


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_run_that_ends_anywhere_in_a_preparation_goes_on(
    baseline_url: str, revision: str
) -> None:
    """Each step of it is the last one of a run once."""
    with psycopg.connect(baseline_url, autocommit=True) as connection:
        fill(Queue(connection))
    before = f"{int(revision) - 1:04}"
    upgrade(baseline_url, before)
    seen: list[str] = []

    def end(stage: str) -> None:
        if stage not in seen:
            seen.append(stage)
            raise MigrationError(stage)

    while revisions(baseline_url) == [before]:
        with suppress(MigrationError):
            upgrade(baseline_url, revision, report=Stages(end))
    assert len(seen) > 8
    assert query(baseline_url, WITHOUT_IDENTITY) == []


def test_a_call_that_began_before_0003_and_its_replay_after_it_are_one_payment(
    baseline_database_url: str,
) -> None:
    """An older function was in the middle of its call when 0003 replaced it; it writes its row past
    the new functions, and the client asks again, during that and after it."""
    upgrade(baseline_database_url, "0003")
    values = ("late", "p", "late", '{"amount": 1.10}')
    with (
        psycopg.connect(baseline_database_url) as late,
        psycopg.connect(baseline_database_url, autocommit=True) as other,
    ):
        ((outbox_id,),) = late.execute(
            """insert into public.payment_outbox_pending
                (instruction_id, participant_id, sequence_id, idempotency_key, rail_type, payload)
            values ('late', 'p', 1, 'late', 'RTGS', '{"amount": 1.10}') returning outbox_id"""
        )
        other.execute("set lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):  # waits for its end
            other.execute(ENQUEUE, values)
        late.commit()
        replays = [Queue(other).rows(ENQUEUE, *values)[0]]
        upgrade(baseline_database_url)
        replays += Queue(other).rows(ENQUEUE, *values)
    assert {(row.outbox_id, row.state) for row in replays} == {(outbox_id, "PENDING")}


def test_calls_of_one_payment_at_the_same_moment_meet_both_keys_and_neither_fails(
    baseline_database_url: str,
) -> None:
    """While the registry has its old key and its new one."""
    upgrade(baseline_database_url, "0003")
    stop_after(baseline_database_url, "0004 0004_registry_key.sql done")
    keys = """select count(*) from pg_index where indisunique and indisvalid
        and indrelid = 'public.payment_outbox_identities'::regclass"""
    assert query(baseline_database_url, keys) == [(3,)]
    with (
        psycopg.connect(baseline_database_url) as first,
        psycopg.connect(baseline_database_url, autocommit=True) as second,
    ):
        values = ("same", "p", "same", "{}")
        (mine,) = Queue(first).rows(ENQUEUE, *values)
        second.execute("set lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):  # waits for the first one's end
            second.execute(ENQUEUE, values)
        first.commit()
        assert Queue(second).rows(ENQUEUE, *values)[0].outbox_id == mine.outbox_id
    upgrade(baseline_database_url)


def stop_after(url: str, stage: str) -> None:
    """Upgrades until this stage of a preparation, and no further."""

    def act(now: str) -> None:
        if now == stage:
            raise MigrationError("here")

    with pytest.raises(MigrationError, match=r"^here$"):
        upgrade(url, report=Stages(act))


def test_the_registry_takes_a_payload_that_is_missing_and_no_other_change(
    baseline_url: str,
) -> None:
    """While 0004 is prepared; afterwards not even that."""
    with psycopg.connect(baseline_url, autocommit=True) as connection:
        fill(Queue(connection))
    stop_after(baseline_url, "0004 0004_registry_payload.sql done")
    change = "update public.payment_outbox_identities set {} where instruction_id = 'sent'"
    refused = (
        "payload = '{\"a\": 1}', rail_type = 'SWIFT'",
        "fingerprint = sha256('')",
        "payload = null",
    )
    for what in refused:
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            query(baseline_url, change.format(what))
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        query(baseline_url, "delete from public.payment_outbox_identities")
    query(baseline_url, change.format("payload = '{}'"))
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        query(baseline_url, change.format("payload = '{\"a\": 1}'"))
    upgrade(baseline_url)
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        query(
            baseline_url,
            "update public.payment_outbox_identities set payload = '{}' where payload is null",
        )


def test_an_index_that_is_gone_again_is_built_again(baseline_url: str) -> None:
    stop_after(baseline_url, "0006 0006_attestations_by_position.sql done")
    query(baseline_url, "drop index public.ux_attempts_ledger_position")
    upgrade(baseline_url)
    valid = "select indisvalid from pg_index where indexrelid = %s::regclass"
    assert query(baseline_url, valid, "public.ux_attempts_ledger_position") == [(True,)]


def test_the_transaction_of_0006_sees_that_its_work_was_done(baseline_url: str) -> None:
    script = (ROOT / "migrations/ddl/0006_positions_prepared.sql").read_text()
    with pytest.raises(psycopg.errors.RaiseException, match="are not there"):
        query(baseline_url, script)


def test_a_call_between_its_two_rows_has_the_payload_in_the_first(baseline_url: str) -> None:
    """Where the transaction of 0004 meets it, no trigger of the preparation sees the second."""
    stop_after(baseline_url, "0004 0004_enqueue_by_any_key.sql done")
    with psycopg.connect(baseline_url) as connection:
        connection.execute(
            "alter table public.payment_outbox_pending disable trigger trg_identify_queued_item"
        )
        connection.execute(ENQUEUE, ("middle", "p", "middle", '{"amount": 1.10}'))
        found = connection.execute("select payload from public.payment_outbox_identities")
        assert found.fetchall() == [({"amount": 1.10},)]
        connection.rollback()
