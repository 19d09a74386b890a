"""The attacks and the matrix see what they are there to see."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from proof.attacks.grounds import EVERYONE, Grounds
from proof.attacks.listed import ATTACKS
from proof.attacks.matrix import judge
from proof.attacks.settings import wrong_setting
from proof.attacks.suite import kept, settings_read, wrong_listed

LOGINS = {"mallory_nobody": (), "mallory_auditor": ("auditor",), "mallory_all": EVERYONE[1:]}


@pytest.fixture
def breached(database_url: str, version: int) -> Iterator[Grounds]:
    """Grounds at head that a test may break."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        grounds = Grounds(connection, database_url, version, is_head=True)
        yield grounds
        grounds.close()


def test_every_cell_is_as_it_is_written(breached: Grounds) -> None:
    cells = judge(breached.connection, LOGINS)
    assert cells.wrong == []
    assert cells.count > 5_000
    assert 0 < cells.open < cells.count / 5


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ("grant update on public.tenants to symphony_auditor", "has update on table tenants"),
        (
            "grant select (lease_token) on public.payment_outbox_pending to mallory_auditor",
            "has select on column payment_outbox_pending lease_token",
        ),
        ("grant create on schema public to public", "has create on schema public"),
        (
            "revoke select (payload) on public.payment_outbox_pending from symphony_auditor",
            "lacks select on column payment_outbox_pending payload",
        ),
        ("grant usage on sequence public.ledger_positions to public", "sequence ledger_positions"),
        ("grant symphony_owner to mallory_auditor", "has delete on table payment_outbox_attempts"),
        ("create table public.another (); grant select on another to public", "table another"),
    ],
)
def test_a_cell_that_is_otherwise_is_named(breached: Grounds, change: str, seen: str) -> None:
    with breached.connection.transaction(force_rollback=True):
        breached.rows(change)
        assert [wrong for wrong in judge(breached.connection, LOGINS).wrong if seen in wrong]


def test_an_attack_that_works_is_named(breached: Grounds) -> None:
    assert wrong_listed(breached, "read-token") is None
    breached.rows("grant select on public.payment_outbox_pending to symphony_auditor")
    assert "'auditor': 'ok'" in str(wrong_listed(breached, "read-token"))
    assert ("plan", "auditor", "ok") in set(kept(breached))


def test_a_setting_that_binds_a_caller_is_named(breached: Grounds) -> None:
    assert "symphony.outbox_retry_ceiling" in settings_read(breached)
    assert wrong_setting(breached, "symphony.outbox_retry_ceiling", "connection") is None
    breached.rows(
        """create or replace function public.outbox_retry_ceiling() returns integer
        language sql stable security definer as
        'select current_setting(''symphony.outbox_retry_ceiling'', true)::integer'"""
    )
    found = wrong_setting(breached, "symphony.outbox_retry_ceiling", "connection")
    assert found is not None


def test_there_are_enough_attacks() -> None:
    assert len(ATTACKS) * len(EVERYONE) > 500
    assert sum(bool(attack.worked) for attack in ATTACKS.values()) >= 10
