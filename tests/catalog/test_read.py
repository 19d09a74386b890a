"""What each revision makes is what its file says, on every version of PostgreSQL."""

from __future__ import annotations

import pytest

from ledgerdb.catalog import expected, fingerprint
from ledgerdb.catalog.compare import compare
from ledgerdb.catalog.model import STRUCTURE
from ledgerdb.errors import MigrationError
from ledgerdb.migrate.config import migrations_dir
from tests.catalog.conftest import Site
from tests.migrations.project import REVISIONS


def test_a_revision_makes_what_its_file_says(site: Site) -> None:
    assert list(site.history) == REVISIONS
    for revision, made in site.history.items():
        must = expected.at(migrations_dir(), revision).catalog
        assert compare(must, made) == (), revision
        assert fingerprint(made) == fingerprint(must)


def test_every_kind_that_our_objects_have_is_read(site: Site) -> None:
    ours = {key.kind for key in site.history[REVISIONS[-1]]}
    others = {"reference", "inheritance", "statistics", "rule", "policy"}
    assert ours & set(STRUCTURE) == set(STRUCTURE) - others


def test_there_is_no_catalog_of_an_unknown_revision() -> None:
    with pytest.raises(MigrationError, match="no catalog of revision 0000"):
        expected.at(migrations_dir(), "0000")
    with pytest.raises(MigrationError, match="no catalog of revision 9999"):
        expected.at(migrations_dir(), "9999")
