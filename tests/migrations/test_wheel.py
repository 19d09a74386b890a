"""An installed wheel migrates and serves without a checkout."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from tests.commands import ROOT, run
from tests.migrations.databases import revisions
from tests.migrations.project import HEAD

PROGRAM = """
import sys
from pathlib import Path
from uuid import UUID
import ledgerdb
from ledgerdb import AttemptState, Instruction, Ledger, TenantType, migrate
from ledgerdb.migrate.config import migrations_dir
from ledgerdb.verify.evidence import Evidence, Status, checkout
site = Path(sys.argv[1])
assert Path(ledgerdb.__file__).is_relative_to(site), ledgerdb.__file__
assert migrations_dir().is_relative_to(site), migrations_dir()
assert migrate.upgrade() == sys.argv[2]
tenant = UUID(int=1)
with Ledger.connect() as ledger:
    ledger.register_tenant(tenant, "key", "name", TenantType.COMMERCIAL)
    accepted = ledger.ingest(
        Instruction(
            tenant_id=tenant, instruction_id="i", participant_id="p", idempotency_key="k",
            rail_type="RTGS", payload={"amount": 1},
        )
    )
    (item,) = ledger.claim(10, "worker", 30)
    assert item.outbox_id == accepted.outbox_id
    done = ledger.complete(item, "worker", AttemptState.DISPATCHED, rail_reference="r")
    assert (done.attempt_no, done.state) == (1, AttemptState.DISPATCHED)
    assert ledger.backlog().due == 0
assert checkout() is None
Evidence("check", "2026-01-02T03:04:05Z", "a" * 40, Status.PASS, "b" * 64, {}).text()
print("served")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    built = run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation"),
        *("--outdir", folder, ROOT),
        cwd=folder,
    )
    assert built.code == 0, built.stderr
    (path,) = folder.glob("ledgerdb-*.whl")
    return path


def test_it_carries_the_sql(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = archive.namelist()
        for folder in ("migrations", "sqlfunctions"):
            files = [*(ROOT / folder).rglob("*.sql"), *(ROOT / folder).rglob("*.py")]
            assert files
            for path in files:
                name = f"ledgerdb/{path.relative_to(ROOT).as_posix()}"
                assert archive.read(name) == path.read_bytes()
        schema = "evidence/evidence.schema.json"
        assert archive.read(f"ledgerdb/{schema}") == (ROOT / schema).read_bytes()
        assert "ledgerdb/py.typed" in packed
        assert not [name for name in packed if name.startswith(("tests/", "tools/"))]


def test_it_migrates_and_serves(wheel: Path, tmp_path: Path, empty_url: str) -> None:
    site = tmp_path / "site"
    installed = run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"),
        *("--disable-pip-version-check", "--target", site, wheel),
    )
    assert installed.code == 0, installed.stderr
    done = run(
        *(sys.executable, "-c", PROGRAM, site, HEAD),
        url=empty_url,
        cwd=tmp_path,
        variables={"PYTHONPATH": str(site)},
    )
    assert (done.code, done.stdout) == (0, "served\n"), done.stderr
    assert revisions(empty_url) == [HEAD]
    said = {
        command: run(
            *(sys.executable, "-m", "ledgerdb", command),
            url=empty_url,
            cwd=tmp_path,
            variables={"PYTHONPATH": str(site)},
        ).stdout
        for command in ("current", "drift")
    }
    assert said["current"] == f"revision {HEAD}, head {HEAD}\nnothing is pending\n"
    assert said["drift"].startswith(f"no drift at revision {HEAD}")
