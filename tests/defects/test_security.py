"""Defects 1 to 7 of the reference: who may do what, and to whose money."""

from __future__ import annotations

import pytest

from tests.defects.site import Session, Site

DENIED = "42501"
APPEND_ONLY = "P0001"
ROLES = (
    "symphony_control",
    "symphony_executor",
    "symphony_ingest",
    "symphony_readonly",
    "symphony_auditor",
)
EVIL = """
create function pg_temp.evil() returns trigger language plpgsql as
$$ begin execute 'alter role "{name}" superuser'; return new; end $$
"""


def shadow(session: Session, name: str) -> None:
    """A temporary table in the place of the counter, with a trigger that takes over."""
    session.rows(
        """create temporary table participant_outbox_sequences (
            participant_id text primary key, next_sequence_id bigint)"""
    )
    session.rows(EVIL.format(name=name))
    session.rows(
        """create trigger evil before insert on pg_temp.participant_outbox_sequences
        for each row execute function pg_temp.evil()"""
    )
    session.rows("grant all on pg_temp.participant_outbox_sequences to public")


@pytest.mark.parametrize(
    ("grants", "call"),
    [
        ((), "select public.bump_participant_outbox_seq('x')"),
        ((), "select public.enqueue_payment_outbox('i', 'p', 'k', 'RTGS', '{}')"),
        (
            ("symphony_ingest",),
            "select public.enqueue_payment_outbox('i', 'p', 'k', 'RTGS', '{}')",
        ),
    ],
    ids=["bump", "enqueue", "enqueue-as-ingest"],
)
def test_defect_01_a_temporary_table_makes_a_superuser(
    site: Site, grants: tuple[str, ...], call: str
) -> None:
    with site.login(*grants) as name:
        with site.session(role=name) as attacker:
            shadow(attacker, name)
            attacker.attempt(call)
        is_superuser = site.value("select rolsuper from pg_roles where rolname = %s", name)
    assert is_superuser == site.either(reference=True, head=False)


def test_defect_01_public_may_execute_everything(site: Site) -> None:
    with site.login() as name:
        executable = site.value(
            """select count(*) from pg_proc as p
            where p.pronamespace = 'public'::regnamespace
                and has_function_privilege(%s, p.oid, 'execute')""",
            name,
        )
    assert (executable > 0) == site.either(reference=True, head=False)


def test_defect_01_functions_and_tables_belong_to_nobody_who_can_log_in(site: Site) -> None:
    owners = site.rows(
        """select distinct r.rolname from pg_roles as r where (r.rolcanlogin or r.rolsuper)
        and r.oid in (
            select proowner from pg_proc where pronamespace = 'public'::regnamespace
            union select relowner from pg_class where relnamespace = 'public'::regnamespace
                and relkind in ('r', 'v', 'S') and relname !~ 'alembic|ledgerdb_applied')"""
    )
    assert bool(owners) == site.either(reference=True, head=False), owners


@pytest.mark.parametrize("role", ["symphony_readonly", "symphony_auditor"])
def test_defect_02_a_reader_forges_a_completion(site: Site, role: str) -> None:
    site.enqueue("i")
    (item,) = site.claim()
    with site.session(role=role) as reader:
        readable = reader.attempt("select lease_token from public.payment_outbox_pending")
        outcome = reader.complete(item)
    forged = site.value("select count(*) from public.payment_outbox_attempts")
    assert (readable, forged) == site.either(reference=("ok", 1), head=(DENIED, 0)), outcome


@pytest.mark.parametrize("role", ["symphony_readonly", "symphony_auditor"])
def test_defect_02_no_reader_sees_a_token_anywhere(site: Site, role: str) -> None:
    columns = site.rows(
        """select a.attrelid::regclass::text as name from pg_attribute as a
        join pg_class as c on c.oid = a.attrelid
        where a.attname = 'lease_token' and c.relkind in ('r', 'v')
            and c.relnamespace = 'public'::regnamespace
            and has_column_privilege(%s, c.oid, a.attnum, 'select')""",
        role,
    )
    assert bool(columns) == site.either(reference=True, head=False), columns


@pytest.mark.parametrize("role", ["symphony_readonly", "symphony_auditor"])
def test_defect_02_a_reader_leases_the_queue(site: Site, role: str) -> None:
    site.enqueue("i")
    with site.session(role=role) as reader:
        outcome = reader.attempt("select from public.claim_outbox_batch(10, 'thief', 600)")
    assert outcome == site.either(reference="ok", head=DENIED)


def test_defect_03_control_plants_a_trigger_on_the_queue(site: Site) -> None:
    """It would run as the owner of the function that writes the queue."""
    with site.session(role="symphony_control") as control:
        control.attempt(
            """create function pg_temp.evil() returns trigger language plpgsql as
            $$ begin new.upstream_ref := current_user; return new; end $$"""
        )
        control.attempt(
            """create trigger evil before insert on public.payment_outbox_pending
            for each row execute function pg_temp.evil()"""
        )
        control.enqueue("i")
    ran_as = site.value("select upstream_ref from public.payment_outbox_pending")
    assert ran_as == site.either(reference="postgres", head=None)


@pytest.mark.parametrize(
    "statement",
    [
        "truncate public.payment_outbox_attempts",
        "set session_replication_role = replica; delete from public.payment_outbox_attempts",
        "set session_replication_role = replica; update payment_outbox_attempts set state = state",
        "truncate public.ingress_attestations",
    ],
)
def test_defect_04_append_only_has_a_back_door(site: Site, statement: str) -> None:
    site.enqueue("i")
    site.complete(site.claim()[0])
    assert site.attempt(statement) == site.either(reference="ok", head=APPEND_ONLY)
    kept = site.rows("select state from public.payment_outbox_attempts")
    if site.is_head:
        assert kept == [("DISPATCHED",)]


@pytest.mark.parametrize("value", ["1", "0", "-5", "1000000", "abc", "99999999999"])
def test_defect_05_a_session_sets_the_retry_ceiling(site: Site, value: str) -> None:
    with site.session(role="symphony_executor") as caller:
        caller.rows(f"set symphony.outbox_retry_ceiling = '{value}'")
        try:
            ceiling = caller.value("select public.outbox_retry_ceiling()")
        except Exception:  # noqa: BLE001 - the reference fails in many ways
            ceiling = None
    assert (ceiling == 20) == site.either(reference=False, head=True), ceiling


def test_defect_05_a_worker_ends_a_payment_at_its_first_retry(site: Site) -> None:
    site.enqueue("i")
    with site.session(role="symphony_executor") as caller:
        caller.rows("set symphony.outbox_retry_ceiling = '1'")
        (item,) = caller.claim()
        outcome = caller.complete(item, "RETRYABLE")
    assert outcome.state == site.either(reference="FAILED", head="RETRYABLE")


def test_defect_06_anyone_blocks_a_chosen_payment(site: Site) -> None:
    with site.login() as name, site.session(role=name) as attacker:
        attacker.rows("select pg_advisory_lock(hashtextextended('inv-1' || chr(31) || 'k', 1))")
        site.rows("set lock_timeout = '200ms'")
        outcome = site.attempt(
            "select public.enqueue_payment_outbox('inv-1', 'p', 'k', 'RTGS', '{}')"
        )
    assert outcome == site.either(reference="55P03", head="ok")


@pytest.mark.parametrize("role", [None, *ROLES])
def test_defect_06_anyone_burns_sequence_numbers(site: Site, role: str | None) -> None:
    with site.login() as name, site.session(role=role or name) as attacker:
        attacker.attempt("select public.bump_participant_outbox_seq('p')")
    assert site.enqueue("i").sequence_id == site.either(reference=2, head=1)


@pytest.mark.parametrize("role", ["symphony_control", "postgres"])
def test_defect_07_a_queued_payment_is_changed_undetected(site: Site, role: str) -> None:
    site.enqueue("i", payload='{"amount": 10}')
    with site.session(role=role) as operator:
        operator.attempt(
            """update public.payment_outbox_pending set payload = '{"amount": 1000000}'"""
        )
    sent = [item.payload for item in site.claim()]
    assert sent == site.either(reference=[{"amount": 1000000}], head=[{"amount": 10}])


def test_defect_07_a_payment_is_redirected_undetected(site: Site) -> None:
    site.enqueue("i", participant="honest")
    site.rows("update public.payment_outbox_pending set participant_id = 'thief'")
    sent = [item.participant_id for item in site.claim()]
    assert sent == site.either(reference=["thief"], head=[])
