"""A session may set what it likes for itself: it bends no limit, no fingerprint and no digest, and
it stops nobody else.
"""

from __future__ import annotations

import psycopg
import pytest

from proof.attacks.calls import calls
from proof.attacks.grounds import EVERYONE, Grounds, outcome

# What any session may set.
HOSTILE = {
    "search_path": "mallory, pg_temp",
    "row_security": "off",
    "enable_seqscan": "off",
    "enable_indexscan": "off",
    "enable_nestloop": "off",
    "enable_hashjoin": "off",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
    "transform_null_equals": "on",
    "standard_conforming_strings": "off",
    "quote_all_identifiers": "on",
    "array_nulls": "off",
    "datestyle": "SQL, DMY",
    "intervalstyle": "sql_standard",
    "timezone": "Pacific/Kiritimati",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "xmlbinary": "hex",
    "lc_numeric": "C",
    "check_function_bodies": "off",
    "default_transaction_deferrable": "on",
    "default_with_oids": "off",
    "symphony.outbox_retry_ceiling": "1",
    "symphony.retention_days_min": "1",
}


def set_all(settings: dict[str, str]) -> list[str]:
    """Statements for those that the server knows, or takes for a setting of an application."""
    return [
        f"""set {name} = {value if "," in value else f"'{value}'"}"""
        for name, value in settings.items()
    ]


def known(head: Grounds) -> dict[str, str]:
    names = {row.name for row in head.rows("select lower(name) as name from pg_settings")}
    return {name: value for name, value in HOSTILE.items() if "." in name or name in names}


def test_every_function_does_its_work_under_hostile_settings(head: Grounds) -> None:
    hostile = set_all(known(head))
    session = head.attacker("all")
    found = {name: outcome(session, *hostile, call) for name, call in calls(head).items()}
    assert set(found.values()) == {"ok"}, found


def test_what_is_bound_does_not_depend_on_the_session(head: Grounds) -> None:
    """Fingerprints and digests: a replay from another session is the same payment."""
    digests = "select public._attempts_digest(outbox_id) from public.payment_outbox_identities"
    replay = """select (public.enqueue_payment_outbox(
        'same', 'p', 'same', 'RTGS', '{"a": 1.10, "b": "2026-01-02", "c": null}')).outbox_id"""
    with head.connection.transaction(force_rollback=True):
        first = head.value(replay)
        plain = sorted(map(str, head.rows(digests)))
        for statement in set_all(known(head)):
            head.rows(statement.replace("set ", "set local ", 1))
        assert head.value(replay) == first
        assert sorted(map(str, head.rows(digests))) == plain


@pytest.mark.parametrize(
    ("setting", "function"),
    [
        ("symphony.outbox_retry_ceiling", "outbox_retry_ceiling"),
        ("symphony.retention_days_min", "_retention_days_min"),
    ],
)
def test_limits_are_not_the_callers(head: Grounds, setting: str, function: str) -> None:
    """Set by a role, by a connection, by a session, by a transaction: none counts."""
    right = head.value(f"select public.{function}()")
    head.rows(f"alter role mallory_all set {setting} = '1'")
    try:
        url = head.url.replace("//postgres@", "//mallory_all@")
        with psycopg.connect(url) as connection:
            row = connection.execute(f"select current_setting('{setting}')").fetchone()
            assert row == ("1",)
        with psycopg.connect(head.url, options=f"-c {setting}=1") as connection:
            connection.execute(f"set session {setting} = '1'")
            connection.execute(f"set local {setting} = '1'")
            connection.execute("set role symphony_owner")
            assert connection.execute(f"select public.{function}()").fetchone() == (right,)
    finally:
        head.rows("alter role mallory_all reset all")


@pytest.mark.parametrize("who", EVERYONE)
def test_no_lock_of_a_stranger_stops_a_payment(grounds: Grounds, who: str) -> None:
    """Advisory locks on everything that the reference derives from a payment's key."""
    attacker = grounds.attacker(who)
    with attacker.connection.transaction(force_rollback=True):
        attacker.rows(
            """select pg_advisory_xact_lock(hashtextextended(k, s))
            from unnest(array['free' || chr(31) || 'free', 'free', 'p']) as k,
                generate_series(0, 1) as s"""
        )
        found = outcome(
            grounds,
            "set local lock_timeout = '100ms'",
            "select public.enqueue_payment_outbox('free', 'p', 'free', 'RTGS', '{}')",
        )
    assert found == grounds.either(reference="55P03", head="ok")


@pytest.mark.parametrize("level", ["read committed", "repeatable read", "serializable"])
def test_an_isolation_of_the_callers_choice_keeps_the_work(head: Grounds, level: str) -> None:
    session = head.attacker("all")
    level_set = f"set transaction isolation level {level}"
    found = {name: outcome(session, level_set, call) for name, call in calls(head).items()}
    # these must see what others committed since, and say so
    late = {
        found.pop(name)
        for name in (
            "retire_history",
            "redrive_dead_letters",
            "seal_ledger",
            "set_outbox_control",
        )
    }
    assert late == {"ok" if level == "read committed" else "P711F"}
    assert set(found.values()) == {"ok"}, found
