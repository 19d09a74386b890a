"""A changed byte, a forged ledger, a drifted catalog: each is named. An adopted database holds."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import psycopg
import pytest

from ledgerdb.migrate import upgrade
from ledgerdb.verify import migrations
from ledgerdb.verify.clients_evidence import ARTEFACT as CLIENTS
from ledgerdb.verify.evidence import Status, read
from ledgerdb.verify.indexes import verify_indexes
from ledgerdb.verify.migrations import ARTEFACT, verify_migrations
from ledgerdb.verify.roles import verify_roles
from tests.commands import ROOT
from tests.migrations.adopt.databases import adopted, facts_of
from tests.reference.build import build
from tests.verify.conftest import verify

SCRIPT = "versions/0005_operations.py"
BACKLOG = "execute on function public.outbox_backlog()"
TRUNCATE = "truncate on public.payment_outbox_pending"
FROZEN = "frozen/0005_pause_outbox.sql"


def found(url: str) -> list[str]:
    return list(verify_migrations(url).details["findings"])


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Migrations to change, which the verifier takes for those of this installation."""
    folder = tmp_path / "migrations"
    shutil.copytree(ROOT / "migrations", folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrations, "migrations_dir", lambda: folder)
    return folder


def test_it_holds(shared_url: str) -> None:
    evidence = verify_migrations(shared_url)
    assert (evidence.status, evidence.details["findings"]) == (Status.PASS, [])
    assert evidence.details["revision"] == max(evidence.details["revisions"])
    assert all(evidence.details["checks"].values())
    assert evidence.details["files"] > 150


def test_a_changed_byte(shared_url: str, installation: Path) -> None:
    path = installation / FROZEN
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(path.read_bytes() + b"\n")
    after = hashlib.sha256(path.read_bytes()).hexdigest()
    assert found(shared_url) == [
        f"0005: {FROZEN} was applied as {before[:12]}, and is {after[:12]} here"
    ]


def test_a_file_that_is_gone(shared_url: str, installation: Path) -> None:
    (installation / FROZEN).unlink()
    assert found(shared_url) == [f"0005: {FROZEN} was applied, and is missing here"]


def test_a_revision_with_another_pin(shared_url: str, installation: Path) -> None:
    path = installation / SCRIPT
    pin = hashlib.sha256((installation / FROZEN).read_bytes()).hexdigest()
    path.write_text(path.read_text().replace(pin, "0" * 64))
    first, second = found(shared_url)
    assert first.startswith(f"0005: {SCRIPT} was applied as ")
    assert second == ("0005: the ledger has no 0005_pause_outbox.sql as 0005_operations.py pins it")


def test_a_snapshot_of_another_revision(shared_url: str, installation: Path) -> None:
    path = installation / "schema.sql"
    path.write_text(path.read_text().replace("at revision 0012:", "at revision 0011:"))
    (line,) = found(shared_url)
    assert line.startswith("schema.sql is not the snapshot of revision ")
    path.unlink()
    (line,) = found(shared_url)
    assert line.endswith(": it is missing")


LEDGER: dict[str, tuple[str, str, list[str]]] = {
    "another hash": (
        (
            "update public.ledgerdb_migrations"
            f" set files = files || '{{\"{FROZEN}\": \"{'0' * 64}\"}}' where revision = '0005'"
        ),
        (
            "update public.ledgerdb_migrations set files = kept.files from kept"
            " where kept.revision = ledgerdb_migrations.revision"
        ),
        [
            f"0005: {FROZEN} was applied as 000000000000, and is ",
            "0005: the ledger has no 0005_pause_outbox.sql as 0005_operations.py pins it",
        ],
    ),
    "a file less": (
        f"update public.ledgerdb_migrations set files = files - '{FROZEN}'",
        (
            "update public.ledgerdb_migrations set files = kept.files from kept"
            " where kept.revision = ledgerdb_migrations.revision"
        ),
        ["0005: the ledger has no 0005_pause_outbox.sql as 0005_operations.py pins it"],
    ),
    "a revision less": (
        "delete from public.ledgerdb_migrations where revision = '0006'",
        "insert into public.ledgerdb_migrations select * from kept where revision = '0006'",
        ["0006: applied, and not in the ledger"],
    ),
    "a revision more": (
        (
            "insert into public.ledgerdb_migrations (revision, summary, files, route, release)"
            " values ('9999', 's', '{}', 'DIRECT', 'r')"
        ),
        "delete from public.ledgerdb_migrations where revision = '9999'",
        ["9999: in the ledger, and not applied"],
    ),
}


@pytest.mark.parametrize("what", LEDGER)
def test_a_forged_ledger(what: str, shared_url: str) -> None:
    forge, repair, said = LEDGER[what]
    with psycopg.connect(shared_url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("create temp table kept as table public.ledgerdb_migrations")
        connection.execute(forge.encode())
        try:
            lines = found(shared_url)
        finally:
            connection.execute(repair.encode())
    assert len(lines) == len(said), lines
    for line, words in zip(lines, said, strict=True):
        assert line.startswith(words)
    assert found(shared_url) == []


def test_a_drifted_catalog(shared_url: str) -> None:
    with psycopg.connect(shared_url, autocommit=True) as connection:
        connection.execute("alter table public.tenants add column more text")
        connection.execute(f"grant {TRUNCATE} to symphony_control")
        try:
            lines = found(shared_url)
        finally:
            connection.execute("alter table public.tenants drop column more")
            connection.execute(f"revoke {TRUNCATE} from symphony_control")
    assert any("the catalog has drifted: column tenants.more" in line for line in lines)
    assert any(line.startswith("0008: symphony_control may truncate") for line in lines)


def test_an_adopted_database_holds(empty_url: str) -> None:
    """With the tables, triggers and readers of other domains in it."""
    build(empty_url)
    adopted(empty_url, facts_of(empty_url))
    upgrade(empty_url)
    for verifier in (verify_migrations, verify_indexes, verify_roles):
        assert verifier(empty_url).details["findings"] == []
    assert verify_migrations(empty_url).details["revisions"]["0001"] == "ADOPTED"


def test_the_commands_leave_evidence_where_they_are_asked_to(
    shared_url: str, tmp_path: Path
) -> None:
    plain = verify("migrations", "--url", shared_url)
    kept = verify("migrations", "--url", shared_url, "--out", tmp_path)
    assert (plain.code, kept.code) == (0, 0)
    assert kept.stdout == plain.stdout + f"migration_integrity: PASS ({tmp_path / ARTEFACT})\n"
    assert read(tmp_path / ARTEFACT).status is Status.PASS
    done = verify("migrations", "0008", "--url", shared_url, "--out", tmp_path)
    assert done.code == 2
    with psycopg.connect(shared_url, autocommit=True) as connection:
        connection.execute("alter table public.tenants add column more text")
        try:
            done = verify("migrations", "--url", shared_url, "--out", tmp_path)
            assert verify("migrations", "--url", shared_url).code == 0
        finally:
            connection.execute("alter table public.tenants drop column more")
    assert done.code == 1
    assert "migration_integrity: the catalog has drifted: column tenants.more" in done.stdout
    assert read(tmp_path / ARTEFACT).status is Status.FAIL

    done = verify("clients", "--url", shared_url, "--out", tmp_path, "--json")
    assert done.code == 0
    assert not any(json.loads(done.stdout).values())
    assert read(tmp_path / CLIENTS).details["findings"] == []
    with psycopg.connect(shared_url, autocommit=True) as connection:
        connection.execute(f"revoke {BACKLOG} from symphony_control")
        try:
            done = verify("clients", "--url", shared_url, "--out", tmp_path)
        finally:
            connection.execute(f"grant {BACKLOG} to symphony_control")
    assert done.code == 1
    assert read(tmp_path / CLIENTS).status is Status.FAIL
