"""Defects 20 to 23 of the reference: what grows with the number of items."""

from __future__ import annotations

from collections.abc import Sequence

from tests.defects.site import Session, Site, Work

OUT_OF_LOCKS = "53200"
DEADLOCK = "40P01"
CHANNEL = "symphony_outbox"


def enqueue_many(site: Site, session: Session, names: Sequence[str], participant: str = "p") -> str:
    """Enqueues in the order given, by the best way that the database has; `ok` or the SQLSTATE."""
    if site.is_head:
        count = len(names)
        return session.attempt(
            "select from public.enqueue_outbox_items(%s, %s, %s, %s, %s)",
            *(list(names), [participant] * count, list(names), ["RTGS"] * count, ["{}"] * count),
        )
    return session.attempt(
        """select public.enqueue_payment_outbox(g.name, %s, g.name, 'RTGS', '{}')
        from unnest(%s::text[]) as g (name)""",
        *(participant, list(names)),
    )


def test_defect_20_a_long_transaction_exhausts_the_locks(site: Site) -> None:
    """There is room for 500 more locks; for 20,000 there never is by default."""
    with site.session() as other:
        # Locks of the session stay when the statement that took too many fails.
        outcome = other.attempt("select pg_advisory_lock(n) from generate_series(1, 1000000) as n")
        assert outcome == OUT_OF_LOCKS
        other.rows("select pg_advisory_unlock(n) from generate_series(1, 500) as n")
        outcome = site.attempt(
            """select count(*) from generate_series(1, 600) as n cross join lateral
            public.enqueue_payment_outbox('i' || n, 'p', 'k' || n, 'RTGS', '{}')"""
        )
    assert outcome == site.either(reference=OUT_OF_LOCKS, head="ok")


def test_defect_20_each_enqueue_takes_a_place_in_the_lock_table(site: Site) -> None:
    with site.transaction() as worker:
        for number in range(100):
            worker.enqueue(f"i{number}")
        advisory = worker.value(
            """select count(*) from pg_locks
            where pid = pg_backend_pid() and locktype = 'advisory'"""
        )
    assert advisory == site.either(reference=100, head=0)


def test_defect_20_the_subtransaction_cache_overflows(site: Site) -> None:
    """From then on every snapshot of every session looks up parents on disk."""
    with site.transaction() as worker:
        for number in range(70):
            worker.enqueue(f"i{number}")
        overflowed = site.value(
            """select s.subxact_overflowed from pg_stat_get_backend_idset() as id
            cross join lateral pg_stat_get_backend_subxact(id) as s
            where pg_stat_get_backend_pid(id) = %s""",
            worker.pid,
        )
    assert overflowed == site.either(reference=True, head=False)


def test_defect_20_opposite_orders_deadlock(site: Site) -> None:
    """B wants b and a, A has a and then wants b. B has nothing while it waits for a."""
    with site.transaction() as a, site.transaction() as b:
        for session in (a, b):
            session.rows("set deadlock_timeout = '50ms'")
        outcomes = [enqueue_many(site, a, ["a"], "p")]
        work = Work(lambda: enqueue_many(site, b, ["b", "a"], "q"))
        site.wait_until_blocked(b, work)
        outcomes.append(enqueue_many(site, a, ["b"], "p"))
        a.connection.commit()
        outcomes.append(work.join())
    assert (DEADLOCK in outcomes) == site.either(reference=True, head=False), outcomes


def test_defect_21_every_commit_notifies(site: Site) -> None:
    """A commit that notifies holds a lock of the whole cluster: such commits queue up."""
    with site.session() as listener:
        listener.rows(f"listen {CHANNEL}")
        elapsed_ms = site.value("select extract(epoch from clock_timestamp()) * 1000")
        site.rows(
            """do $$ begin
            for n in 1 .. 300 loop
                perform public.enqueue_payment_outbox('i' || n, 'p', 'k' || n, 'RTGS', '{}');
                commit;
            end loop;
            end $$"""
        )
        elapsed_ms = site.value("select extract(epoch from clock_timestamp()) * 1000") - elapsed_ms
        site.rows(f"select pg_notify('{CHANNEL}', 'that was all')")
        received = -1
        for notification in listener.connection.notifies(timeout=30):
            received += 1
            if notification.payload:
                break
    if site.is_head:
        assert 1 <= received <= elapsed_ms / 10 + 1  # once in 10 ms
    else:
        assert received == 300


def test_defect_21_a_participants_counter_moves_for_every_item(site: Site) -> None:
    """Numbers without a hole are taken one after the other; a batch takes its own at once."""
    with site.transaction() as worker:
        assert enqueue_many(site, worker, [f"i{number}" for number in range(50)]) == "ok"
        written = worker.value(
            """select n_tup_ins + n_tup_upd from pg_stat_xact_user_tables
            where relname = 'participant_outbox_sequences'"""
        )
        worker.connection.commit()
    assert written == site.either(reference=50, head=1)
    numbers = site.rows("select sequence_id from public.payment_outbox_pending order by 1")
    assert [row.sequence_id for row in numbers] == list(range(1, 51))


def empty_claim(site: Site) -> tuple[int, int]:
    """Pages that an empty claim touches, and items that it walks over."""
    with site.transaction() as worker:
        # As the planner does for a table that is worth an index.
        worker.rows("set local enable_seqscan = off")
        worker.rows("set local enable_bitmapscan = off")
        (row,) = worker.rows(
            "explain (analyze, buffers, format json)"
            " select from public.claim_outbox_batch(100, 'w', 60)"
        )
        plan = row[0][0]["Plan"]
        assert plan["Actual Rows"] == 0
        walked = worker.value(
            """select idx_tup_fetch from pg_stat_xact_user_tables
            where relname = 'payment_outbox_pending'"""
        )
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], walked


def test_defect_22_leased_items_stand_in_front_of_the_due_ones(site: Site) -> None:
    for number in range(200):
        site.enqueue(f"i{number}")
    assert len(site.claim(200)) == 200
    _, walked = empty_claim(site)
    assert (walked >= 200, walked == 0) == site.either(reference=(True, False), head=(False, True))


def test_defect_22_an_empty_claim_grows_with_what_is_done(site: Site) -> None:
    """A held snapshot keeps the dead versions of rows in the due index. At head it is one for an
    item instead of two, in the order of the table: pages, not items, are walked over.
    """
    rounds = 2
    items = 500
    with site.transaction("repeatable read"):
        empty_claim(site)
        before, _ = empty_claim(site)
        for turn in range(rounds):
            for number in range(items):
                site.enqueue(f"i{turn}-{number}")
            for item in site.claim(items):
                site.complete(item)
        after, _ = empty_claim(site)
    pages_per_item = (after - before) / (rounds * items)
    assert (pages_per_item > 1) == site.either(reference=True, head=False), pages_per_item
    if site.is_head:
        assert pages_per_item < 0.2


def test_defect_22_every_claim_touches_every_index(site: Site) -> None:
    """The new version of a claimed row gets an entry in each index that the row stands in."""
    site.enqueue("i")
    site.claim()
    indexes = site.value(
        """select count(*) from pg_index
        where indrelid = 'public.payment_outbox_pending'::regclass and indpred is null"""
    )
    assert indexes == site.either(reference=4, head=2)


def test_defect_23_every_attempt_copies_the_payload(site: Site) -> None:
    payload = '{"remittance": "' + "x" * 500 + '"}'
    site.enqueue("i", payload=payload)
    for state in ("RETRYABLE", "RETRYABLE", "DISPATCHED"):
        site.make_due()
        (item,) = site.claim()
        assert item.payload["remittance"] == "x" * 500
        site.complete(item, state)
    copies = site.value("select count(payload) from public.payment_outbox_attempts")
    assert copies == site.either(reference=3, head=0)
    if site.is_head:
        assert site.value("select payload::text from public.payment_outbox_identities") == (
            site.value("select %s::jsonb::text", payload)
        )


def test_defect_23_history_stays_for_ever(site: Site) -> None:
    """There is a way to let old attempts go that leaves identity and outcome behind."""
    site.enqueue("i")
    site.complete(site.claim()[0])
    names = {"retention_plan", "retire_history"}
    found = {name for name in names if site.has_function(name)}
    assert found == site.either(reference=set(), head=names)
    if site.is_head:
        site.rows(
            """alter table public.payment_outbox_attempts
            disable trigger trg_deny_outbox_attempts_mutation"""
        )
        site.rows(
            """update public.payment_outbox_attempts
            set completed_at = completed_at - interval '100 days',
                created_at = created_at - interval '100 days'"""
        )
        site.rows(
            """alter table public.payment_outbox_attempts
            enable always trigger trg_deny_outbox_attempts_mutation"""
        )
        site.rows("select * from public.seal_ledger(100)")
        (run,) = site.rows(
            """select * from public.retire_history(
                clock_timestamp() - interval '91 days', 100, 'ann', 'old')"""
        )
        assert (run.items, run.attempts) == (1, 1)
        assert site.value("select count(*) from public.payment_outbox_attempts") == 0
        assert site.enqueue("i").state == "DISPATCHED"
