"""Commands that go back, or record what did not run, are refused with one clear line."""

from __future__ import annotations

import pytest

from tests.commands import assert_refused, run
from tests.migrations.databases import catalog
from tests.migrations.project import Project

DOWNGRADE = "downgrade is refused: ledgerdb migrates forward only"
STAMP = "stamp is refused"
OTHER = "this Alembic command is refused"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("downgrade", "-1"), DOWNGRADE),
        (("downgrade", "base"), DOWNGRADE),
        (("downgrade", "head:base", "--sql"), DOWNGRADE),
        (("downgrade", "0002:0001", "--sql"), DOWNGRADE),
        (("upgrade", "0003:0001", "--sql"), DOWNGRADE),
        (("stamp", "0001"), DOWNGRADE),
        (("stamp", "base"), DOWNGRADE),
        (("stamp", "head", "--purge"), STAMP),
        (("check",), OTHER),
    ],
    ids=" ".join,
)
def test_refused_at_head(head_url: str, arguments: tuple[str, ...], message: str) -> None:
    before = catalog(head_url)
    assert_refused(run("alembic", *arguments, url=head_url), message)
    assert catalog(head_url) == before


@pytest.mark.parametrize(
    "arguments",
    [("stamp", "head"), ("stamp", "0001"), ("stamp", "head", "--sql")],
    ids=" ".join,
)
def test_stamp_is_refused_on_an_empty_database(empty_url: str, arguments: tuple[str, ...]) -> None:
    before = catalog(empty_url)
    assert_refused(run("alembic", *arguments, url=empty_url), STAMP)
    assert catalog(empty_url) == before


def test_downgrade_needs_no_database_to_be_refused() -> None:
    assert_refused(run("alembic", "downgrade", "-1"), DOWNGRADE)


def test_autogenerate_is_refused_and_leaves_no_file(project: Project, head_url: str) -> None:
    files = project.versions()
    done = project.alembic("revision", "--autogenerate", "-m", "guess", url=head_url)
    assert_refused(done, OTHER)
    assert project.versions() == files
