"""`ledgerdb verify ledger` as an auditor runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledgerdb.verify.evidence import validate
from tests.commands import Result, assert_refused, run
from tests.seals.sealed import Sealed

ARTEFACT = Path("ledger", "ledger_integrity.json")


def verify(url: str, out: Path, *arguments: str | Path) -> Result:
    return run("ledgerdb", "verify", "ledger", "--out", out, *arguments, url=url)


def evidence(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / ARTEFACT).read_text())
    validate(content)
    return content


def test_a_sound_ledger_passes_and_the_next_check_begins_where_it_ended(
    sealed: Sealed, database_url: str, tmp_path: Path
) -> None:
    done = verify(database_url, tmp_path)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout == f"ledger_integrity: PASS ({tmp_path / ARTEFACT})\n"
    first = evidence(tmp_path)["details"]
    assert (first["mode"], first["findings"]) == ("full", [])
    assert first["rows"] > 0

    sealed.attest("later")
    sealed.seal_all()
    done = verify(database_url, tmp_path / "next", "--since", tmp_path / ARTEFACT, "--json")
    assert (done.code, done.stderr) == (0, "")
    second = json.loads(done.stdout)["details"]
    assert (second["mode"], second["since"], second["rows"]) == (
        *("incremental", first["watermark"], 1),
    )
    assert second["watermark"]["seal_no"] == first["watermark"]["seal_no"] + 1


def test_a_changed_row_fails_and_is_named(
    sealed: Sealed, database_url: str, tmp_path: Path
) -> None:
    sealed.tamper(
        "payment_outbox_attempts",
        "update public.payment_outbox_attempts set rail_reference = 'other' where attempt_no = 1",
    )
    done = verify(database_url, tmp_path)
    assert (done.code, done.stderr) == (1, "")
    assert "ATTEMPTS" in done.stdout
    assert done.stdout.endswith(f"ledger_integrity: FAIL ({tmp_path / ARTEFACT})\n")
    assert evidence(tmp_path)["status"] == "FAIL"


def test_what_is_no_evidence_of_it(database_url: str, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.json"
    for text in ("no json", "{}", '{"details": {}}'):
        foreign.write_text(text)
        done = verify(database_url, tmp_path, "--since", foreign)
        assert_refused(done, f"error: {foreign}: ")
        assert done.code == 2
    assert not (tmp_path / ARTEFACT).exists()


def test_who_may_not_read(
    connection: psycopg.Connection[Any], database_url: str, tmp_path: Path
) -> None:
    connection.execute("create role verify_stranger login")
    try:
        url = database_url.replace("//postgres@", "//verify_stranger@")
        done = verify(url, tmp_path)
    finally:
        connection.execute("drop role verify_stranger")
    assert_refused(done, "error: the witness may not, or cannot, read a ledger there: permission")
    assert done.code == 2


@pytest.mark.parametrize("url", ["postgresql://u:hunter2@127.0.0.1:1/d"])
def test_a_database_that_is_not_there(url: str, tmp_path: Path) -> None:
    done = verify(url, tmp_path)
    assert_refused(done, "error: cannot connect", secret="hunter2")  # noqa: S106 - of nothing
    assert done.code == 2
