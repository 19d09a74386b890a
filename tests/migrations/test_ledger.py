"""The ledger of checksums: what was applied does not change, and every run knows it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from ledgerdb.migrate import upgrade
from tests.commands import assert_refused, run
from tests.migrations.databases import catalog, query
from tests.migrations.project import HEAD, REVISIONS, Project

ROWS = "select revision, route, files, client, release from public.ledgerdb_migrations order by 1"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_each_revision_has_one_row_with_the_hashes_of_its_files(
    empty_database_url: str, project: Project
) -> None:
    assert upgrade(empty_database_url, "0002") == "0002"
    assert project.alembic("upgrade", "head", url=empty_database_url).code == 0
    rows = query(empty_database_url, ROWS)
    assert [row[0] for row in rows] == REVISIONS
    assert [row[1] for row in rows] == ["DIRECT"] * 2 + ["ONLINE"] * (len(REVISIONS) - 2)
    assert {row[3] for row in rows} == {"ledgerdb-migrate"}
    for revision, _, files, _, _ in rows:
        assert any(label.startswith(f"versions/{revision}_") for label in files)
        assert all(sha256(project.migrations / label) == found for label, found in files.items())
    listed = {label for row in rows for label in row[2]}
    shipped = {
        f"{path.parent.name}/{path.name}"
        for folder in ("versions", "frozen")
        for path in (project.migrations / folder).iterdir()
        if path.suffix in (".py", ".sql")
    }
    assert shipped <= listed


def spoil_revision(project: Project) -> Path:
    """A comment in the script of the first revision."""
    path = next(project.migrations.glob("versions/0001_*.py"))
    path.write_bytes(path.read_bytes() + b"#")
    return path


def spoil_pinned(project: Project) -> Path:
    """A function of the first revision and its pin together: no pin shows that."""
    path = project.migrations / "frozen/0001_uuid_strategy.sql"
    before = sha256(path)
    path.write_bytes(path.read_bytes() + b"\n")
    revision = next(project.migrations.glob("versions/0001_*.py"))
    revision.write_text(revision.read_text().replace(before, sha256(path)))
    return path


def lose_revision(project: Project) -> Path:
    """The first revision under another name of its file."""
    path = next(project.migrations.glob("versions/0001_*.py"))
    path.rename(path.with_name("0001_other.py"))
    return path


@pytest.mark.parametrize("pending", [True, False], ids=["pending", "at head"])
@pytest.mark.parametrize("spoil", [spoil_revision, spoil_pinned, lose_revision])
def test_one_changed_byte_of_an_applied_file_is_refused(
    request: pytest.FixtureRequest, project: Project, spoil: object, *, pending: bool
) -> None:
    url: str = request.getfixturevalue("baseline_url" if pending else "head_url")
    original = {path: sha256(path) for path in project.migrations.rglob("0001_*")}
    assert callable(spoil)
    path: Path = spoil(project)
    before = catalog(url)
    done = project.alembic("upgrade", "head", url=url)
    found = sha256(path) if path.exists() else "is missing"
    label = f"{path.parent.name}/{path.name}"
    assert_refused(done, "revision 0001 was applied", original[path], found, label)
    assert catalog(url) == before


def test_line_ends_and_a_byte_order_mark_are_no_change(
    project: Project, empty_url: str, baseline_url: str
) -> None:
    for path in project.migrations.rglob("*"):
        if path.suffix in (".py", ".sql"):
            path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    for url in (empty_url, baseline_url):
        done = project.alembic("upgrade", "head", url=url)
        assert done.code == 0, done.stderr
    files = query(empty_url, "select files from public.ledgerdb_migrations order by revision")
    plain = query(baseline_url, "select files from public.ledgerdb_migrations order by revision")
    assert files[0] == plain[0]  # the second was migrated to 0001 by an unspoilt checkout


def test_a_revision_that_fails_is_not_recorded(own_project: Project, empty_url: str) -> None:
    own_project.add_revision("0001", {"ddl/0001_a.sql": "create table public.a ();\n"})
    own_project.add_revision("0002", {"ddl/0002_b.sql": "create table public.a ();\n"})
    assert own_project.alembic("upgrade", "head", url=empty_url).code != 0
    assert [row[0] for row in query(empty_url, ROWS)] == ["0001"]


def test_a_database_from_before_the_ledger_gets_one(empty_database_url: str) -> None:
    """As the releases left it that kept no books: everything before is recorded as it is here."""
    assert upgrade(empty_database_url, "0008") == "0008"
    query(
        empty_database_url,
        "drop table public.ledgerdb_migrations, public.ledgerdb_migration_steps",
    )
    done = run("alembic", "upgrade", "head", url=empty_database_url)
    assert done.code == 0, done.stderr
    routes = [(row[0], row[1]) for row in query(empty_database_url, ROWS)]
    earlier = [revision for revision in REVISIONS if revision <= "0008"]
    assert routes[: len(earlier)] == [(revision, "RECORDED") for revision in earlier]
    assert {route for _, route in routes[len(earlier) :]} == {"ONLINE"}
    assert run("ledgerdb", "upgrade", url=empty_database_url).stdout == f"at {HEAD} (verified)\n"


def test_a_script_records_what_a_live_run_records(
    server_18: object, empty_url: str, second_url: str
) -> None:
    script = run("ledgerdb", "upgrade", "--sql").stdout
    psql = Path(str(getattr(server_18, "bin_dir", ""))) / "psql"
    done = run(psql, "-X", "-q", "-d", empty_url, "-f", "-", stdin=script)
    assert done.code == 0, done.stderr
    assert upgrade(second_url) == HEAD
    columns = "select revision, summary, files, route, release from public.ledgerdb_migrations"
    assert query(empty_url, columns + " order by 1") == query(second_url, columns + " order by 1")
    ((client,),) = query(empty_url, "select distinct client from public.ledgerdb_migrations")
    assert re.fullmatch(r"ledgerdb-script-[0-9a-f]{16}", client)


def test_what_a_ledger_row_says_of_time_and_person(baseline_url: str) -> None:
    [(who, seconds, when)] = query(
        baseline_url,
        "select applied_by, seconds, applied_at <= now() from public.ledgerdb_migrations",
    )
    assert (who, when) == ("postgres", True)
    assert re.fullmatch(r"\d+\.\d{3}", str(seconds))


def test_the_history_is_shown(baseline_url: str, second_url: str) -> None:
    [row] = json.loads(run("ledgerdb", "history", "--json", url=baseline_url).stdout)
    assert (row["revision"], row["route"], row["verify_error"]) == ("0001", "DIRECT", None)
    assert all(re.fullmatch("[0-9a-f]{64}", found) for found in row["files"].values())
    shown = run("ledgerdb", "history", url=baseline_url).stdout.splitlines()
    assert shown[0].split()[:4] == ["revision", "applied", "by", "route"]
    assert shown[1].startswith("0001 ")
    assert "postgres (ledgerdb-migrate)" in shown[1]
    empty = run("ledgerdb", "history", "--json", url=second_url)
    assert (empty.code, empty.stdout) == (0, "[]\n")
