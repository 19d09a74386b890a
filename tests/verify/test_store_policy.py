"""The witness of the store-mode policy sees a guard that is open, late, or somewhere else."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledgerdb.cli import app
from ledgerdb.errors import LedgerError
from ledgerdb.verify import evidence, store_policy
from ledgerdb.verify.evidence import Status
from ledgerdb.verify.store_policy import CASES, Case, verify_store_policy

STAGING = Case("staging", "file")
PROD = Case("prod", "db")
BY_SETTINGS = ("open_store", "open_async_store")


def test_the_table_is_whole() -> None:
    """Every environment with every mode; the file in three of them, and never otherwise."""
    environments = {"local", "dev", "ci", "staging", "pilot", "prod", None, ""}
    modes = {"file", "db", "db_psql", "db_npgsql", None, ""}
    assert {Case(e, m) for e in environments for m in modes} <= set(CASES)
    assert len(CASES) == len(set(CASES))
    files = {case for case in CASES if case.expected == "FileStore"}
    assert files == {Case(environment, "file") for environment in ("local", "dev", "ci")}


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = (
        Case("ci", "file"),
        STAGING,
        Case("prod", "db_psql"),
        Case("dev\udcff", "file"),
        Case(None, "FILE"),
    )
    quick = functools.partial(verify_store_policy, cases)
    monkeypatch.setattr(store_policy, "verify_store_policy", quick)
    monkeypatch.setenv("ENVIRONMENT", "ci")  # of the one who runs it; no start inherits it
    monkeypatch.setenv("LEDGERDB_STORE", "nonsense")
    done = CliRunner().invoke(app, ["verify", "store-policy", "--out", str(tmp_path), "--json"])
    assert (done.exit_code, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["status"] == "PASS"
    assert found["details"]["starts"] == 20
    by_settings = [row["starts"]["open_store"] for row in found["details"]["table"]]
    assert by_settings == [
        "FileStore",
        "store refused: ENVIRONMENT is staging: the file store is for local, dev, ci only",
        "PostgresStore",
        (
            "store refused: ENVIRONMENT is 'dev\\udcff', which is unknown:"
            " the file store is for local, dev, ci only"
        ),
        (
            "store refused: LEDGERDB_STORE is 'FILE', which is no store: it must be db or file"
            " (or one of the older names db_psql and db_npgsql)"
        ),
    ]
    (written,) = (tmp_path / "phase1").iterdir()
    assert written.name == "evidence_store_mode_policy.json"
    assert evidence.read(written).text() == done.stdout


SABOTAGES = {
    "a guard that lets staging pass": (
        "policy._DEVELOPMENT = (*policy._DEVELOPMENT, 'staging')",
        STAGING,
        [
            "the decision is 'allow', and must be 'deny'",
            *(
                f"{way} {what}"
                for way in store_policy._WAYS
                for what in (
                    "opened FileStore, and must open nothing",
                    "left a file on the disk",
                )
            ),
        ],
    ),
    "a guard that does not look at case": (
        (
            "strict = policy.decide\n"
            "def decide(environment, mode):\n"
            "    return strict(environment and environment.strip().lower(), mode)\n"
            "policy.decide = decide"
        ),
        Case("Dev ", "file"),
        [
            *(
                f"{way} {what}"
                for way in store_policy._WAYS
                for what in ("opened FileStore, and must open nothing", "left a file on the disk")
            ),
            *(f"{way} recorded another decision" for way in BY_SETTINGS),
        ],
    ),
    "a back door": (
        "file.require = lambda mode: policy.decide('dev', mode)",
        PROD,
        [
            f"{way} {what}"
            for way in ("FileStore", "AsyncFileStore")
            for what in ("opened FileStore, and must open nothing", "left a file on the disk")
        ],
    ),
    "a guard that comes late": (
        (
            "guarded = file.StoreFile.__init__\n"
            "def late(self, path):\n"
            "    path.touch()\n"
            "    guarded(self, path)\n"
            "file.StoreFile.__init__ = late"
        ),
        PROD,
        [f"{way} left a file on the disk" for way in ("FileStore", "AsyncFileStore")],
    ),
    "a database that is denied": (
        "policy._MODES = {'file': 'file'}",
        PROD,
        [
            "the decision is 'deny', and must be 'allow'",
            *(f"{way} opened nothing, and must open PostgresStore" for way in BY_SETTINGS),
        ],
    ),
    "a start that breaks": (
        "def broken(mode): raise OSError('no')\nblocking.require = awaited.require = broken",
        PROD,
        [f"{way} broke: OSError('no')" for way in BY_SETTINGS],
    ),
    "a record of something else": (
        "stores.decide = lambda environment, mode: policy.decide('dev', mode)",
        PROD,
        [
            "the record names another environment: 'dev'",
            *(f"{way} recorded another decision" for way in BY_SETTINGS),
        ],
    ),
}


@pytest.mark.parametrize("sabotage", SABOTAGES)
def test_it_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sabotage: str) -> None:
    program, case, expected = SABOTAGES[sabotage]
    (tmp_path / "sitecustomize.py").write_text(
        "from ledgerdb import stores\n"
        f"from ledgerdb.stores import awaited, blocking, file, policy\n{program}\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = verify_store_policy([case])
    assert found.status is Status.FAIL
    findings = [line.partition(": {")[0] for line in found.details["findings"]]
    assert sorted(findings) == sorted(f"{case}: {line}" for line in expected)


def test_a_service_that_does_not_start_is_no_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could not be found out: exit code 2 of the command."""
    (tmp_path / "sitecustomize.py").write_text("import os\nos._exit(3)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(LedgerError, match="did not start"):
        verify_store_policy([PROD])
