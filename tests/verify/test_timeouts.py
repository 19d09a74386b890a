"""Each setting that leaves a session of a runtime role without a bound is named, wherever it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import ConfigurationError
from ledgerdb.verify import timeouts
from ledgerdb.verify.evidence import Status, read
from ledgerdb.verify.scratch import connect, scratch_database
from ledgerdb.verify.timeouts import ARTEFACT, CHECK_ID, verify_timeouts
from tests.commands import ROOT
from tests.verify.conftest import verify

HERE = "witnessed_test_timeouts"
WORKER, NESTED, BOSS = "timeouts_worker", "timeouts_nested", "timeouts_boss"


@pytest.fixture(scope="module")
def site(shared_url: str) -> Iterator[str]:
    """A database with logins: a member, a member of a member, and a superuser who is one.

    A clone has no settings of the database, so it gets those that the migration makes.
    """
    with psycopg.connect(shared_url, autocommit=True) as connection:
        connection.execute((ROOT / "migrations/ddl/0001_timeouts.sql").read_bytes())
        connection.execute(
            f"""
            create role {WORKER} login;
            grant symphony_executor to {WORKER};
            create role timeouts_group nologin;
            grant symphony_control to timeouts_group with inherit false, set false;
            create role {NESTED} login;
            grant timeouts_group to {NESTED};
            create role {BOSS} login superuser;
            grant symphony_control to {BOSS};
            create role timeouts_stranger login;
            create role timeouts_dba login;
            """
        )
        try:
            yield shared_url
        finally:
            connection.execute(
                f"drop role {WORKER}, {NESTED}, {BOSS}, timeouts_group, timeouts_stranger,"
                " timeouts_dba"
            )


@contextmanager
def changed(url: str, whose: str, setting: str, value: str) -> Iterator[None]:
    with psycopg.connect(url, autocommit=True) as connection:
        before = connection.execute(
            "select split_part(entry, '=', 2) from pg_db_role_setting as s"
            " cross join unnest(setconfig) as entry where setrole = 0 and setdatabase ="
            " (select oid from pg_database where datname = current_database())"
            f" and entry like '{setting}=%'"
        ).fetchone()
        how = "reset {0}" if value == "reset" else "set {0} = '{1}'"
        connection.execute(f"alter {whose} {how.format(setting, value)}")
        try:
            yield
        finally:
            back = "reset {0}"
            if whose == f"database {HERE}" and before is not None:
                back = f"set {{0}} = '{before[0]}'"
            connection.execute(f"alter {whose} {back.format(setting)}")


def found(url: str) -> list[str]:
    return list(verify_timeouts(url).details["findings"])


@pytest.mark.parametrize("version", [16, 18])
def test_what_the_migrations_make_holds(request: pytest.FixtureRequest, version: int) -> None:
    server: EmbeddedServer = request.getfixturevalue(f"server_{version}")
    with scratch_database(server.url()) as url:
        evidence = verify_timeouts(url)
    assert (evidence.status, evidence.details["findings"]) == (Status.PASS, [])
    bounds = evidence.details["bounds_ms"]
    assert bounds == {
        "deadlock_timeout": 5_000,
        "idle_in_transaction_session_timeout": 60_000,
        "lock_timeout": 2_000,
        "statement_timeout": 30_000,
    }
    assert len(evidence.details["runtime_roles_ms"]) == 5
    sessions = evidence.details["sessions_opened_ms"]
    assert len(sessions) == 6  # the login, and as each of the roles
    for seen in (*evidence.details["runtime_roles_ms"].values(), *sessions.values()):
        assert {name for name in seen if 0 < seen[name] <= bounds[name]} == bounds.keys()


def test_logins_are_seen_as_they_begin(site: str) -> None:
    with (
        changed(site, f"role {WORKER}", "lock_timeout", "1s"),
        changed(site, f"role {WORKER} in database {HERE}", "lock_timeout", "500ms"),
        changed(site, f"role {WORKER}", "statement_timeout", "7s"),
        changed(site, "role all", "idle_in_transaction_session_timeout", "3s"),
    ):
        evidence = verify_timeouts(site)
        with psycopg.connect(str(make_url(site).set(username=WORKER))) as connection:
            real = {
                name: connection.execute(
                    "select setting::int from pg_settings where name = %s", [name]
                ).fetchone()
                for name in evidence.details["bounds_ms"]
            }
    assert evidence.status is Status.PASS
    logins = evidence.details["logins_ms"]
    assert logins.keys() == {WORKER, NESTED}
    assert logins[WORKER].pop("acts_as") == ["symphony_executor"]
    assert logins[NESTED]["acts_as"] == ["symphony_control"]
    assert {name: (ms,) for name, ms in logins[WORKER].items()} == real
    assert logins[WORKER]["lock_timeout"] == 500
    assert logins[WORKER]["statement_timeout"] == 7_000
    assert logins[WORKER]["idle_in_transaction_session_timeout"] == 60_000  # the database's wins
    assert BOSS in evidence.details["superusers_ms"]


# who sets what to what, and what is said of it
DAMAGE: dict[str, tuple[str, str, str, str]] = {
    "the database, none": (
        f"database {HERE}",
        "lock_timeout",
        "0",
        f"database {HERE} sets lock_timeout=0: unbounded",
    ),
    "the database, a moment too long": (
        f"database {HERE}",
        "statement_timeout",
        "30001",
        f"database {HERE} sets statement_timeout=30001: more than 30000 ms",
    ),
    "the database, in hours": (
        f"database {HERE}",
        "idle_in_transaction_session_timeout",
        "1.5h",
        f"database {HERE} sets idle_in_transaction_session_timeout=1.5h: more than 60000 ms",
    ),
    "the database, deadlocks": (
        f"database {HERE}",
        "deadlock_timeout",
        "6s",
        f"database {HERE} sets deadlock_timeout=6s: more than 5000 ms",
    ),
    "the database, not at all": (
        f"database {HERE}",
        "statement_timeout",
        "reset",
        "nothing sets statement_timeout for the database, and the server has 0 ms: unbounded",
    ),
    "a login": (
        f"role {WORKER}",
        "statement_timeout",
        "0",
        f"role {WORKER} sets statement_timeout=0: unbounded",
    ),
    "a login in this database": (
        f"role {WORKER} in database {HERE}",
        "lock_timeout",
        "3min",
        f"role {WORKER} in database {HERE} sets lock_timeout=3min: more than 2000 ms",
    ),
    "a member of a member": (
        f"role {NESTED}",
        "statement_timeout",
        "0",
        f"role {NESTED} sets statement_timeout=0: unbounded",
    ),
    "a runtime role": (
        "role symphony_executor",
        "lock_timeout",
        "0",
        "role symphony_executor sets lock_timeout=0, once it may log in: unbounded",
    ),
    "all roles, under the database's": (
        "role all",
        "lock_timeout",
        "0",
        "every role sets lock_timeout=0: unbounded",
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_named(what: str, site: str) -> None:
    whose, setting, value, said = DAMAGE[what]
    with changed(site, whose, setting, value):
        assert found(site) == [said]
    assert found(site) == []


@pytest.mark.parametrize(
    ("whose", "setting", "value"),
    [
        ("role timeouts_stranger", "statement_timeout", "0"),  # acts as nobody
        (f"role {BOSS}", "statement_timeout", "0"),  # bound by nothing anyway
        ("role timeouts_group", "statement_timeout", "0"),  # reaches nobody
        (f"role {WORKER} in database postgres", "lock_timeout", "0"),
        (f"database {HERE}", "lock_timeout", "1999500us"),
        ("role all", "statement_timeout", "29s"),
    ],
)
def test_what_reaches_no_session_of_ours_is_no_finding(
    site: str, whose: str, setting: str, value: str
) -> None:
    with changed(site, whose, setting, value):
        assert found(site) == []


def test_a_login_that_may_not_connect_is_none(site: str) -> None:
    with (
        psycopg.connect(site, autocommit=True) as connection,
        changed(site, f"role {WORKER}", "lock_timeout", "0"),
    ):
        connection.execute(f"revoke connect on database {HERE} from public")
        try:
            assert found(site) == []
        finally:
            connection.execute(f"grant connect on database {HERE} to public")
        assert len(found(site)) == 1


def test_what_the_login_hides_cannot_be_found_out(site: str, tmp_path: Path) -> None:
    """Its own bound is fine, and says nothing of what all others get from the server."""
    url = str(make_url(site).set(username="timeouts_dba"))
    with (
        changed(site, f"database {HERE}", "statement_timeout", "reset"),
        changed(site, "role timeouts_dba", "statement_timeout", "5s"),
    ):
        with pytest.raises(ConfigurationError, match="verify with another login"):
            verify_timeouts(url)
        done = verify("timeouts", "--url", url, "--out", tmp_path)
        assert (done.code, done.stdout) == (2, "")
        assert [*tmp_path.iterdir()] == []
        with changed(site, f"role {WORKER}", "lock_timeout", "0"):
            wrong, unknown = found(url)  # what is wrong is wrong, whatever else is
        assert wrong == f"role {WORKER} sets lock_timeout=0: unbounded"
        assert unknown.startswith("statement_timeout: no setting of the database")
    with changed(site, "role timeouts_dba", "statement_timeout", "5s"):
        assert found(url) == []


def test_the_environment_and_the_url_do_not_decide(site: str, tmp_path: Path) -> None:
    asked = f"{site}&options=-c%20lock_timeout%3D1"
    done = verify(
        *("timeouts", "--url", asked, "--out", tmp_path),
        variables={"PGOPTIONS": "-c statement_timeout=0"},
    )
    assert (done.code, done.stderr) == (0, "")
    sessions = read(tmp_path / ARTEFACT).details["sessions_opened_ms"]
    assert {seen["lock_timeout"] for seen in sessions.values()} == {2_000}
    assert {seen["statement_timeout"] for seen in sessions.values()} == {30_000}


def test_a_session_that_is_otherwise_is_a_finding(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler that sets something itself."""
    pooled = {"options": "-c lock_timeout=0 -c search_path=pg_catalog"}
    monkeypatch.setattr(timeouts, "connect", lambda url: connect(url.update_query_dict(pooled)))
    lines = found(site)
    assert len(lines) == 6
    assert lines[0].startswith(
        "a session of postgres has lock_timeout=0 ms, and the catalog says 2000 ms"
    )
    assert lines[1].startswith("a session of postgres as symphony_auditor has lock_timeout=0 ms")


def test_a_role_that_is_gone(server_18: EmbeddedServer) -> None:
    """A database of another cluster: nobody there can be bound."""
    with EmbeddedServer(version=18) as other:
        with psycopg.connect(other.url(), autocommit=True) as connection:
            connection.execute("alter database postgres set lock_timeout = '1s'")
        lines = found(other.url())
    assert "role symphony_executor does not exist" in lines
    assert len([line for line in lines if line.endswith("does not exist")]) == 5
    assert len(lines) == 7  # two timeouts that nobody set


def test_the_command_says_what_is_wrong(site: str, tmp_path: Path) -> None:
    with changed(site, f"role {WORKER}", "lock_timeout", "0"):
        done = verify("timeouts", "--out", tmp_path, url=site)
    assert (done.code, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        f"{CHECK_ID}: role {WORKER} sets lock_timeout=0: unbounded",
        f"{CHECK_ID}: FAIL ({tmp_path / ARTEFACT})",
    ]
