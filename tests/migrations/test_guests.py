"""Triggers of other applications on our tables keep working, or stop the migration.

The earlier plain-SQL migrations made two kinds: one fills a column of the new row, one writes a
table of another domain and refuses a DISPATCHED attempt without the rail's reference (P7005).
"""

from __future__ import annotations

import psycopg
import pytest

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import upgrade
from proof.session import Session
from tests.migrations.databases import catalog, query
from tests.migrations.project import REVISIONS

BEFORE = REVISIONS[REVISIONS.index("0008") - 1]
KNOWN = """
create function public.set_correlation_id_if_null() returns trigger language plpgsql as $$
begin
    if new.correlation_id is null then new.correlation_id := uuid_v7_or_random(); end if;
    return new;
end $$;
create table public.rail_dispatch_truth_anchor (
    attempt_id uuid primary key references payment_outbox_attempts deferrable initially deferred,
    rail_reference text not null
);
create function public.anchor_dispatched_outbox_attempt() returns trigger language plpgsql as $$
begin
    if new.state = 'DISPATCHED' then
        if new.rail_reference is null then
            raise exception 'rail_reference required' using errcode = 'P7005';
        end if;
        insert into rail_dispatch_truth_anchor values (new.attempt_id, new.rail_reference)
        on conflict (attempt_id) do nothing;
    end if;
    return new;
end $$;
create trigger trg_set_corr_id_payment_outbox_pending before insert on public.payment_outbox_pending
for each row execute function set_correlation_id_if_null();
create trigger trg_set_corr_id_payment_outbox_attempts
before insert on public.payment_outbox_attempts
for each row execute function set_correlation_id_if_null();
create trigger trg_anchor_dispatched_outbox_attempt after insert on public.payment_outbox_attempts
for each row execute function anchor_dispatched_outbox_attempt();
"""
UNKNOWN = """
create table public.billing (outbox_id uuid);
create function public.bill() returns trigger language plpgsql {} as $$
begin insert into public.billing values (new.outbox_id); return null; end $$;
create trigger trg_bill after insert on public.payment_outbox_attempts
for each row execute function public.bill();
"""
BILL = """
    select count(*) from public.billing natural join public.payment_outbox_attempts
    where state = 'DISPATCHED'
"""


def dispatch(url: str, reference: str | None = "R") -> object:
    """Enqueues, claims and completes as the services do; the row, or the SQLSTATE."""
    with psycopg.connect(url, autocommit=True) as connection:
        session = Session(connection)
        session.rows("set role symphony_ingest")
        session.enqueue("i")
        session.rows("set role symphony_executor")
        (item,) = session.claim()
        return session.complete(item, reference=reference)


@pytest.mark.parametrize(
    ("reference", "outcome", "anchors"), [("R", (1, "DISPATCHED"), [("R",)]), (None, "P7005", [])]
)
def test_the_known_ones_keep_working(
    baseline_database_url: str, reference: str | None, outcome: object, anchors: list[object]
) -> None:
    query(baseline_database_url, KNOWN)
    upgrade(baseline_database_url)
    assert dispatch(baseline_database_url, reference) == outcome
    anchored = "select rail_reference from public.rail_dispatch_truth_anchor"
    assert query(baseline_database_url, anchored) == anchors
    correlated = """select count(*) from public.payment_outbox_pending as p
        full join public.payment_outbox_attempts as a using (outbox_id)
        where coalesce(p.correlation_id, a.correlation_id) is null"""
    assert query(baseline_database_url, correlated) == [(0,)]


def test_an_unknown_one_stops_the_step_and_is_named(baseline_url: str) -> None:
    """It would fail at the first payment."""
    query(baseline_url, UNKNOWN.format(""))
    upgrade(baseline_url, BEFORE)
    before = catalog(baseline_url)
    with pytest.raises(MigrationError) as caught:
        upgrade(baseline_url)
    assert "42501" in str(caught.value)
    assert "trigger trg_bill on payment_outbox_attempts (function bill())" in str(caught.value)
    assert "security definer" in str(caught.value)
    assert catalog(baseline_url) == before


@pytest.mark.parametrize(
    "answer",
    [
        "alter function public.bill() security definer set search_path = pg_catalog, pg_temp",
        """grant execute on function public.bill() to symphony_owner;
        grant insert on public.billing to symphony_owner""",
    ],
    ids=["definer", "granted"],
)
def test_an_unknown_one_that_somebody_has_answered_for_runs(
    baseline_database_url: str, database_url: str, answer: str
) -> None:
    """The cluster has the role already, from `database_url`."""
    query(baseline_database_url, UNKNOWN.format(""))
    query(baseline_database_url, answer)
    upgrade(baseline_database_url)
    assert dispatch(baseline_database_url) == (1, "DISPATCHED")
    assert query(baseline_database_url, BILL) == [(1,)]


def test_further_readers_keep_what_they_read_but_the_tokens(baseline_database_url: str) -> None:
    url = baseline_database_url
    query(
        url,
        """do $$ begin create role boz_auditor; exception when duplicate_object then null; end $$;
        grant select on public.payment_outbox_pending, public.payment_outbox_attempts
        to boz_auditor with grant option""",
    )
    upgrade(url)
    granted = """
        select c.relname, count(*), count(*) filter (where a.attname = 'lease_token')
        from pg_class as c join pg_attribute as a on a.attrelid = c.oid
        where c.relname in ('payment_outbox_pending', 'payment_outbox_attempts')
            and not a.attisdropped and a.attnum > 0
            and has_column_privilege('boz_auditor', c.oid, a.attnum, 'select')
        group by 1 order by 1
    """
    try:
        assert query(url, granted) == [
            ("payment_outbox_attempts", 29, 0),
            ("payment_outbox_pending", 24, 0),
        ]
    finally:
        query(url, "drop owned by boz_auditor; drop role boz_auditor")
