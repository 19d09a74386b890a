"""`verify all` runs every verifier, whatever becomes of the others, and says the same twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import DatabaseUnavailable
from ledgerdb.url import database_url
from ledgerdb.verify import everything
from ledgerdb.verify.everything import Outcome, Result, verify_all
from ledgerdb.verify.evidence import Evidence, Status, git_sha, read
from ledgerdb.verify.fingerprint import head_fingerprint
from ledgerdb.verify.registry import VERIFIERS, Found, Grounds, Verifier
from tests.commands import ROOT
from tests.verify.conftest import verify

# Those that take a second, and of which nothing is measured.
CHEAP = ("floors", "timeouts", "indexes", "roles", "migrations", "clients", "ledger", "conformance")


def chosen(*names: str) -> dict[str, Verifier]:
    return {name: VERIFIERS[name] for name in names}


def by_name(outcomes: Iterator[Outcome]) -> dict[str, Outcome]:
    return {outcome.verifier: outcome for outcome in outcomes}


@pytest.fixture
def on_the_server(server_18: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of the tests for the embedded one that a run starts: it saves two seconds."""

    class Running:
        def __enter__(self) -> EmbeddedServer:
            return server_18

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(everything, "EmbeddedServer", Running)


@pytest.mark.usefixtures("on_the_server")
def test_two_runs_on_one_tree_are_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767323045")
    runs = []
    for name in ("one", "two"):
        folder = tmp_path / name
        found = by_name(verify_all(folder, verifiers=chosen(*CHEAP)))
        assert [*found] == [*CHEAP, "contract", "evidence"]
        assert {name: found[name].said for name in CHEAP[:6]} == dict.fromkeys(CHEAP[:6], ())
        assert found["ledger"].result is Result.SKIPPED
        assert (found["evidence"].result, found["evidence"].said) == (Result.PASS, ())
        runs.append(
            {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.json")}
        )
    assert runs[0] == runs[1]
    written = {path for name in CHEAP for path in VERIFIERS[name].artefacts}
    assert runs[0].keys() > written - {*VERIFIERS["ledger"].artefacts}
    for path in runs[0]:
        assert read(tmp_path / "one" / path).timestamp_utc == "2026-01-02T03:04:05Z"


@pytest.mark.usefixtures("on_the_server")
def test_one_that_fails_or_breaks_stops_no_other(tmp_path: Path) -> None:
    def evidence(status: Status, *findings: str) -> Evidence:
        return Evidence(
            check_id="some_check",
            timestamp_utc="2026-01-02T03:04:05Z",
            git_sha=git_sha(),
            status=status,
            schema_fingerprint=head_fingerprint(),
            details={"findings": [*findings]},
        )

    def fails(_grounds: Grounds) -> Found:
        return {"phase1/fails.json": evidence(Status.FAIL, "it is wrong")}

    def unknown(_grounds: Grounds) -> Found:
        raise DatabaseUnavailable("nobody answers")

    def breaks(_grounds: Grounds) -> Found:
        raise KeyError("a defect")

    def holds(_grounds: Grounds) -> Found:
        return {"phase1/some_check.json": evidence(Status.PASS)}

    verifiers = {
        name: Verifier(artefacts=(f"phase1/{name}.json",), run=run)
        for name, run in (("fails", fails), ("unknown", unknown), ("breaks", breaks))
    } | {"holds": Verifier(artefacts=("phase1/some_check.json",), run=holds)}
    found = by_name(verify_all(tmp_path, verifiers=verifiers))
    assert {name: (found[name].result, found[name].said) for name in verifiers} == {
        "fails": (Result.FAIL, ("it is wrong",)),
        "unknown": (Result.UNKNOWN, ("nobody answers",)),
        "breaks": (Result.UNKNOWN, ("KeyError: 'a defect'",)),
        "holds": (Result.PASS, ()),
    }
    assert found["contract"].result is Result.FAIL
    assert found["evidence"].result is Result.FAIL  # fails.json is evidence of some_check
    assert (tmp_path / "phase1" / "some_check.json").is_file()


def test_a_database_in_use_is_only_read(shared_url: str, tmp_path: Path) -> None:
    """Each verifier of the catalog names what was broken in it; nothing else is asked of it."""
    name = database_url(shared_url).database
    with psycopg.connect(shared_url, autocommit=True) as connection:
        connection.execute("drop index public.idx_ingress_attestations_correlation_id")
        connection.execute("grant truncate on public.tenants to symphony_ingest")
        connection.execute((ROOT / "migrations/ddl/0001_timeouts.sql").read_bytes())
        connection.execute(f"alter database {name} set lock_timeout = '1h'".encode())
    before = _statistics(shared_url)
    verifiers = chosen("timeouts", "indexes", "roles", "ledger")
    found = by_name(verify_all(tmp_path, shared_url, verifiers=verifiers))
    assert _statistics(shared_url) == before
    assert {name: found[name].said for name in verifiers} == {
        "timeouts": (f"database {name} sets lock_timeout=1h: more than 2000 ms",),
        "indexes": ("idx_ingress_attestations_correlation_id: missing",),
        "roles": ("symphony_ingest may truncate relation tenants: functions do that",),
        "ledger": (),
    }
    assert found["ledger"].result is Result.PASS
    assert read(tmp_path / "phase1" / "role_matrix.json").status is Status.FAIL


def _statistics(url: str) -> Any:  # noqa: ANN401 - a row
    """Rows ever written to a table of the schema."""
    with psycopg.connect(url) as connection:
        connection.execute("select pg_stat_clear_snapshot()")
        return connection.execute(
            "select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables"
        ).fetchone()


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ((Result.PASS, Result.SKIPPED), 0),
        ((Result.PASS, Result.UNKNOWN), 2),
        ((Result.UNKNOWN, Result.FAIL), 1),
    ],
)
def test_the_exit_code_is_that_of_the_worst(
    results: tuple[Result, ...], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = [
        Outcome(verifier=f"v{place}", result=result, said=("why",))
        for place, result in enumerate(results)
    ]
    monkeypatch.setattr("ledgerdb.cli.verify_contract.verify_all", lambda *_, **__: iter(outcomes))
    done = verify("all", "--out", tmp_path)
    assert done.code == code
    for outcome in outcomes:
        assert outcome.verifier in done.stdout
        assert (f"{outcome.verifier}: why" in done.stdout) is (
            outcome.result in {Result.FAIL, Result.UNKNOWN}
        )


def test_what_cannot_begin(tmp_path: Path) -> None:
    done = verify("all", "--url", "nonsense", "--out", tmp_path)
    assert (done.code, done.stdout) == (2, "")
    assert "error: the database URL is not a PostgreSQL URL" in done.stderr


def test_an_installed_package_has_no_checkout_to_judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everything, "checkout", lambda: None)
    url = "postgresql://nobody@127.0.0.1:9/nothing"
    found = by_name(verify_all(tmp_path, url, verifiers=chosen("floors", "conformance")))
    assert {name: one.result for name, one in found.items()} == {
        "floors": Result.PASS,
        "conformance": Result.SKIPPED,
        "contract": Result.SKIPPED,
        "evidence": Result.PASS,
    }


def test_what_is_looked_at(tmp_path: Path) -> None:
    """A verifier gets the database that was named, and no server to torment."""
    seen: list[Grounds] = []

    def look(grounds: Grounds) -> Found:
        seen.append(grounds)
        return {}

    verifiers = {"look": Verifier(artefacts=(), run=look)}
    list(verify_all(tmp_path, "postgresql://u@h/d", quick=True, verifiers=verifiers))
    (grounds,) = seen
    assert (grounds.url.host, grounds.scratch) == ("h", None)
    assert (grounds.in_use, grounds.quick) == (True, True)
