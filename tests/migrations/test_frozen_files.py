"""A file that a revision runs never changes: one other byte is refused before any statement."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ledgerdb.errors import MigrationError
from ledgerdb.migrate.pins import pins_of_source
from tests.commands import assert_refused
from tests.migrations.databases import catalog, functions, revisions
from tests.migrations.project import HEAD, Project

FILES = ("frozen/0003_claim_outbox_batch.sql", "ddl/0002_counter_drift_report.sql")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_is_refused(project: Project, empty_url: str, name: str) -> None:
    path = project.migrations / name
    pinned = sha256(path)
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    before = catalog(empty_url)
    for arguments in (("upgrade", "head"), ("upgrade", "head", "--sql")):
        done = project.alembic(*arguments, url=empty_url)
        assert_refused(done, f"{name} was changed", pinned, sha256(path), "new revision")
    assert catalog(empty_url) == before


def test_a_file_that_has_run_is_refused_too(project: Project, head_url: str) -> None:
    path = project.migrations / "frozen/0001_claim_outbox_batch.sql"
    path.write_text(path.read_text() + "-- a harmless comment\n")
    done = project.alembic("upgrade", "head", url=head_url)
    assert_refused(done, "frozen/0001_claim_outbox_batch.sql was changed after it was pinned")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused(project: Project, empty_url: str, name: str) -> None:
    (project.migrations / name).unlink()
    before = catalog(empty_url)
    done = project.alembic("upgrade", "head", url=empty_url)
    assert_refused(done, f"{name} cannot be read: No such file or directory")
    assert catalog(empty_url) == before


def test_a_checkout_with_other_line_ends_is_the_same(
    project: Project, empty_url: str, head_url: str
) -> None:
    for path in project.migrations.rglob("*.sql"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    done = project.alembic("upgrade", "head", url=empty_url)
    assert done.code == 0, done.stderr
    assert revisions(empty_url) == [HEAD]
    assert functions(empty_url) == functions(head_url)


def test_what_cannot_be_read_as_text_is_refused(project: Project, empty_url: str) -> None:
    path = project.migrations / FILES[0]
    for spoiled, message in ((b"\xff", "is not UTF-8 at byte"), (b"\0", "holds a null byte")):
        content = path.read_bytes()
        path.write_bytes(content + spoiled)
        assert_refused(project.alembic("upgrade", "head", url=empty_url), FILES[0], message)
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("op.run_script(NAME, sha256='" + "0" * 64 + "')", "with literal texts"),
        ("op.run_script('0001_a.sql', sha256=HASH)", "with literal texts"),
        ("op.install_function('0001_a.sql')", "with literal texts"),
        ("op.install_function('../0001_a.sql', sha256='" + "0" * 64 + "')", "not a bare file name"),
        ("op.install_function('0001_a.sql', sha256='" + "F" * 64 + "')", "64 lower-case hex"),
    ],
)
def test_a_pin_that_cannot_be_checked_in_advance_is_refused(call: str, message: str) -> None:
    with pytest.raises(MigrationError, match=message):
        pins_of_source(f"def upgrade():\n    {call}\n", "0001_a.py")


def test_a_function_that_could_not_be_verified_is_refused(
    own_project: Project, empty_url: str
) -> None:
    body = "create function public.f() returns int language sql as 'select 1';\n"
    own_project.add_revision("0001", {"frozen/0001_f.sql": body})
    before = catalog(empty_url)
    done = own_project.alembic("upgrade", "head", url=empty_url)
    assert_refused(done, "frozen/0001_f.sql: no `as $function$` or `begin atomic` body found")
    assert catalog(empty_url) == before
