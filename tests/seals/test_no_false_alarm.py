"""What is allowed to happen to a ledger breaks no seal and no invariant."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import psycopg
import pytest

from ledgerdb.errors import InvalidArgument
from ledgerdb.migrate import upgrade
from ledgerdb.verify.ledger import check_ledger
from ledgerdb.verify.ledger_leaves import canonical
from tests.retention.history import History
from tests.seals.sealed import Sealed
from tests.sql.operations import Operator, dead_letter, in_doubt

BEFORE = """
select c.* from public.claim_outbox_batch(100, 'w', 60) as l,
public.complete_outbox_attempt(l.outbox_id, l.lease_token, 'w', 'DISPATCHED') as c
"""


class Archive(Sealed, History):
    """A ledger that retires history."""


def test_every_kind_of_item(empty: Sealed) -> None:
    _, item = in_doubt(empty, "doubt")
    other, _ = in_doubt(empty, "resolved")
    Operator(empty).resolve(other, "DISPATCHED", p_rail_reference="R")
    again, _ = in_doubt(empty, "requeued")
    Operator(empty).resolve(again, "REQUEUE")
    Operator(empty).cancel(empty.enqueue("cancelled"))
    Operator(empty).attempt(empty.enqueue("by hand"), "DISPATCHED", "R")
    empty.complete([item], reference="late")
    empty.seal_all()
    empty.assert_sound()


def test_redrives(sealed: Sealed) -> None:
    outbox_id = dead_letter(sealed, "again")
    for _ in range(2):
        watermark = sealed.check().watermark
        Operator(sealed).redrive(outbox_id)
        sealed.complete(sealed.claim(), "FAILED")
        sealed.seal_all()
        assert sealed.broken(since=watermark) == set()
    Operator(sealed).redrive(outbox_id)
    sealed.complete(sealed.claim())
    sealed.seal_all()
    sealed.assert_sound()


def test_retention(connection: psycopg.Connection[Any]) -> None:
    archive = Archive(connection)
    for name in ("one", "two", "three"):
        archive.end(name)
    archive.make_old()
    archive.end("young")
    archive.seal_all()
    before = archive.assert_sound()
    assert archive.retire(limit=2).items == 2
    after = archive.assert_sound()
    assert (after.rows, after.retired, after.watermark) == (before.rows, 2, before.watermark)
    archive.tamper(
        "ledger_retired_leaves",
        "delete from public.ledger_retired_leaves where ledger_position = 1",
    )
    assert "a sealed range holds as many rows as its seal says" in archive.broken()


def test_history_from_before_there_were_positions(baseline_database_url: str) -> None:
    with psycopg.connect(baseline_database_url, autocommit=True) as connection:
        archive = Archive(connection)
        for number in range(5):
            archive.enqueue(f"old{number}", payload='{"b": 1.50, "a": "\\u20ac"}')
        archive.attest("a", "b", "c")
        archive.rows(BEFORE)
        upgrade(baseline_database_url)
        archive.enqueue("new")
        archive.complete(archive.claim())
        archive.attest("d")
        assert archive.plan() == {"TOO_YOUNG": 6}
        archive.make_old(seal=False)
        assert archive.plan() == {"UNSEALED": 6}
        archive.seal_all(limit=2)
        report = archive.assert_sound()
        assert (report.rows, [backlog.rows for backlog in report.unsealed]) == (10, [0, 0])
        assert archive.plan() == {"RETIRE": 6}
        assert archive.retire(limit=3).items == 3
        assert archive.assert_sound().retired == 3
        assert archive.check(since=report.watermark).seals == 0
        archive.tamper(
            "payment_outbox_attempts",
            """delete from public.payment_outbox_attempts
            where attempt_id = (select attempt_id from public.payment_outbox_attempts
                where ledger_position is null limit 1)""",
        )
        assert "a sealed range holds as many rows as its seal says" in archive.broken()


def test_who_wrote_by_hand_before_still_can(baseline_database_url: str) -> None:
    """At 0006: what a later revision takes away is its decision."""
    with psycopg.connect(baseline_database_url, autocommit=True) as connection:
        archive = Archive(connection)
        archive.enqueue("i")
        upgrade(baseline_database_url, "0006")
        connection.execute("set role symphony_control")
        connection.execute(
            """insert into public.payment_outbox_attempts (outbox_id, instruction_id,
                participant_id, sequence_id, idempotency_key, rail_type, payload, attempt_no, state)
            select outbox_id, instruction_id, participant_id, sequence_id, idempotency_key,
                rail_type, '{}', 1, 'RETRYABLE' from public.payment_outbox_pending"""
        )
        connection.execute("reset role")
        assert archive.seal().attempts == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"timezone": "Asia/Kathmandu", "datestyle": "German", "extra_float_digits": "0"},
        {"timezone": "America/St_Johns", "datestyle": "SQL, DMY", "bytea_output": "escape"},
        {"intervalstyle": "sql_standard", "standard_conforming_strings": "off"},
        {"search_path": "pg_temp", "lc_numeric": "C"},
    ],
    ids=lambda settings: next(iter(settings.values())),
)
def test_settings_of_the_session(sealed: Sealed, settings: dict[str, str]) -> None:
    sealed.enqueue("more")
    sealed.complete(sealed.claim())
    for name, value in settings.items():
        sealed.connection.execute(f"set {name} = '{value}'")
    sealed.seal_all()
    sealed.assert_sound()
    sealed.connection.execute("reset all")
    sealed.assert_sound()


def test_an_incremental_check_reads_what_is_new(sealed: Sealed) -> None:
    first = sealed.assert_sound()
    sealed.enqueue("new")
    sealed.complete(sealed.claim(limit=1))
    sealed.seal_all()
    second = sealed.check(since=first.watermark)
    assert (second.findings, second.seals, second.rows) == ((), 1, 1)
    assert second.watermark is not None
    assert first.watermark is not None
    assert second.watermark.seal_no == first.watermark.seal_no + 1
    third = sealed.check(since=second.watermark)
    assert (third.findings, third.seals, third.watermark) == ((), 0, second.watermark)


def test_the_report_is_json(sealed: Sealed) -> None:
    stages: list[str] = []
    report = sealed.check(progress=lambda stage, _: stages.append(stage))
    details = json.loads(json.dumps(report.to_details()))
    assert (details["mode"], details["findings"], details["seals"]) == ("full", [], report.seals)
    assert set(stages) == {"seals", "rules"}


def test_it_writes_nothing_and_needs_a_transaction_of_its_own(sealed: Sealed) -> None:
    with sealed.connection.transaction():
        sealed.connection.execute("select 1")
        with pytest.raises(InvalidArgument):
            check_ledger(sealed.connection)
    role = "pg_read_all_data"
    sealed.connection.execute(f"set role {role}")
    assert sealed.check().ok


def test_the_canonical_form_is_written_down(sealed: Sealed) -> None:
    """An auditor can say it with any tool: here with PostgreSQL and with Python."""
    pairs = [("a", "1"), ("b", None), ("c", json.dumps("\u20ac\n", ensure_ascii=False))]
    text = sealed.value("select json_build_object('a', 1, 'b', null, 'c', e'\u20ac\\n')::text")
    assert canonical(pairs) == text == '{"a" : 1, "b" : null, "c" : "\u20ac\\n"}'
    assert hashlib.sha256(text.encode()).digest() == sealed.value(
        "select sha256(convert_to(%s, 'UTF8'))", text
    )
