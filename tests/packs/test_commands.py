"""`ledgerdb evidence export`, `show` and `verify`, as people and programs call them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from ledgerdb.cli import app
from ledgerdb.errors import ConfigurationError, PermissionDenied
from ledgerdb.packs import InvalidPack
from ledgerdb.sync import Ledger
from ledgerdb.url import database_url
from ledgerdb.verify import pack_proof
from ledgerdb.verify.ledger_evidence import verify_ledger
from ledgerdb.verify.packs.forger import canonical
from ledgerdb.verify.packs.lives import TENANT, Life
from tests.commands import assert_refused, run
from tests.packs.conftest import GOLDEN
from tests.packs.documents import NAMED, export, forged, golden

EVENTFUL = NAMED["eventful"]
PAYLOAD = str(GOLDEN / "payload")
KEPT = str(GOLDEN / "kept.json")


def evidence(*arguments: object, url: str | None = None) -> Result:
    """The command in this process."""
    given = {"LEDGERDB_URL": url, "DATABASE_URL": None, "COLUMNS": "200"}
    return CliRunner().invoke(app, ["evidence", *map(str, arguments)], env=given)


def exported(url: str, *more: object, life: Life = EVENTFUL) -> bytes:
    done = evidence("export", life.instruction_id, "--tenant", TENANT, *more, url=url)
    assert (done.exit_code, done.stderr) == (0, ""), done.exception
    return bytes(done.stdout_bytes)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A pack with one fault."""
    file = tmp_path / "broken.json"
    file.write_bytes(forged(golden(), lambda it: it["attempts"][0].update(latency_ms=1)))
    return file


@pytest.fixture
def auditor(lived_url: str) -> Iterator[str]:
    """The URL of a login that is an auditor of the ledger and nothing else."""
    with psycopg.connect(lived_url, autocommit=True) as connection:
        connection.execute("create role pack_auditor login in role symphony_auditor")
        try:
            yield lived_url.replace("postgres@", "pack_auditor@")
        finally:
            connection.execute("drop role pack_auditor")


def test_export_writes_the_bytes_and_nothing_else(lived_url: str, tmp_path: Path) -> None:
    with Ledger.connect(lived_url) as ledger:
        pack = export(ledger, EVENTFUL)
    assert exported(lived_url) == pack
    file = tmp_path / "pack.json"
    file.write_text("older")
    assert exported(lived_url, "--out", file) == b""
    assert file.read_bytes() == pack
    assert [*tmp_path.iterdir()] == [file]


def test_a_pack_with_everything_is_proven_with_everything(lived_url: str, tmp_path: Path) -> None:
    pack, kept = tmp_path / "pack.json", tmp_path / "kept.json"
    verify_ledger(lived_url).write(kept)
    exported(lived_url, "--proof", "--seals", kept, "--out", pack)
    done = evidence("verify", pack, "--payload", PAYLOAD, "--seals", kept)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == f"{pack}: holds"
    assert done.stdout.count(": proven: ") == 18
    open_ = [line.split(": ")[2] for line in done.stdout.splitlines() if ": not proven: " in line]
    assert open_ == ["outbox", "late_results", "operator_actions"]


def test_another_tenant_is_refused_as_one_that_has_nothing(lived_url: str) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    of_nobody = run(
        "ledgerdb", "evidence", "export", EVENTFUL.instruction_id, "--tenant", nobody, url=lived_url
    )
    assert_refused(of_nobody, "this tenant has no such instruction")
    unknown = evidence("export", "no such", "--tenant", TENANT, url=lived_url)
    assert isinstance(unknown.exception, ConfigurationError)
    assert str(unknown.exception) in of_nobody.stderr


def test_an_auditor_exports_and_a_proof_takes_more(auditor: str, lived_url: str) -> None:
    early = NAMED["crashed"]
    plain = exported(auditor, life=early)
    refused = evidence(
        "export", EVENTFUL.instruction_id, "--tenant", TENANT, "--proof", url=auditor
    )
    assert isinstance(refused.exception, PermissionDenied)
    assert "pg_read_all_data" in str(refused.exception)
    # the seal is of another ledger: to link up to its number, this is enough
    linked = json.loads(exported(auditor, "--seals", KEPT, life=early))
    assert len(linked["seals"]) > len(json.loads(plain)["seals"])
    with psycopg.connect(lived_url, autocommit=True) as connection:
        connection.execute("grant pg_read_all_data to pack_auditor")
    assert json.loads(exported(auditor, "--proof"))["proof"] is not None


def test_what_retired_in_between_is_not_made_up(lived_url: str) -> None:
    url = database_url(lived_url)
    with Ledger.connect(lived_url) as ledger:
        pack = ledger.evidence_pack(TENANT, EVENTFUL.instruction_id)
        gone = ledger.evidence_pack(TENANT, NAMED["retired"].instruction_id)
    assert pack is not None
    assert pack.outbox is not None
    assert gone is not None
    assert gone.outbox is not None
    for outbox_id, attempt_id in (
        (pack.outbox.outbox_id, gone.attestation.attestation_id),
        (gone.outbox.outbox_id, pack.attempts[0].attempt_id),
    ):
        rows = pack_proof.PackRows(pack.attestation.attestation_id, [attempt_id], outbox_id, [])
        with pytest.raises(ConfigurationError, match="export it again"):
            pack_proof.read_proof(url, rows)


def test_a_chain_that_no_file_can_hold_is_refused(lived_url: str) -> None:
    with pytest.raises(ConfigurationError, match="at most 100000"):
        pack_proof.read_seals(database_url(lived_url), 1, pack_proof.SEALS_MAX + 1)


def test_show_tells_the_life() -> None:
    done = evidence("show", GOLDEN / "eventful.json")
    assert done.exit_code == 0
    words = [
        "accepted",
        "queued",
        "claimed",
        "failed, to be retried",
        "crashed: the lease ran out",
        "late result",
        "failed for good",
        "REDRIVE by olga: a ticket says so",
        "dispatched",
        "sealed",
    ]
    at = 0
    for word in words:
        assert word in done.stdout[at:], word
        at = 0 if word in ("late result", "failed for good") else at
    assert "Bank Ø \U0001f3e6" in done.stdout
    assert "\x01" not in done.stdout, "what others wrote does not reach the terminal"
    assert done.stdout.splitlines()[-2].startswith("holds: ")


def test_show_a_broken_one(broken: Path, tmp_path: Path) -> None:
    done = evidence("show", broken)
    assert (done.exit_code, done.stdout.splitlines()[-2]) == (1, "does not hold: 1 finding")
    shapeless = tmp_path / "shapeless.json"
    document = golden()
    del document["attempts"]
    shapeless.write_bytes(canonical(document))
    assert evidence("show", shapeless).exit_code == 1
    shapeless.write_bytes(b"{}")
    assert isinstance(evidence("show", shapeless).exception, InvalidPack)


def test_verify_says_each_finding_in_a_line(broken: Path) -> None:
    done = evidence("verify", broken)
    assert done.exit_code == 1
    assert (
        f"{broken}: wrong: attempts[0].latency_ms: is not what the row under its leaf says of"
        " latency_ms\n"
    ) in done.stdout
    assert done.stdout.splitlines()[-1] == f"{broken}: does not hold, 1 finding"


def test_verify_for_machines(broken: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.json"
    later.write_bytes(canonical({**golden(), "format_version": 2}))
    missing = tmp_path / "missing.json"
    files = [GOLDEN / "waiting.json", broken, later, missing]
    done = evidence("verify", "--json", *files)
    assert done.exit_code == 1
    packs: list[dict[str, Any]] = json.loads(done.stdout)["packs"]
    assert [pack["status"] for pack in packs] == ["HOLDS", "BROKEN", "UNKNOWN", "UNKNOWN"]
    assert [pack["file"] for pack in packs] == [str(file) for file in files]
    assert packs[1]["findings"] == [
        {
            "field": "attempts[0].latency_ms",
            "text": "is not what the row under its leaf says of latency_ms",
        }
    ]
    assert "format version 2" in packs[2]["error"]


@pytest.mark.parametrize("option", ["--seals", "--payload"])
def test_what_cannot_be_found_out_is_2(option: str, tmp_path: Path) -> None:
    pack = GOLDEN / "eventful.json"
    assert evidence("verify", pack, option, tmp_path / "missing").exit_code == 2
    assert evidence("verify", tmp_path / "missing").exit_code == 2
    if option == "--seals":
        done = evidence("verify", pack, option, PAYLOAD)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "no evidence of ledger_integrity" in done.stderr


def test_verify_needs_no_database() -> None:
    done = run(
        *("ledgerdb", "evidence", "verify", GOLDEN / "eventful.json"),
        *("--payload", PAYLOAD, "--seals", KEPT),
    )
    assert (done.code, done.stderr) == (0, "")
