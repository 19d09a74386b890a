"""What the guard says of servers that no test can start."""

from __future__ import annotations

import dataclasses

import pytest

from ledgerdb.errors import MigrationError
from ledgerdb.migrate.guard import Facts, require_rights, require_server

FIT = Facts(
    database="ledger",
    role="deployer",
    major=16,
    version="16.14",
    standby=False,
    read_only=False,
    encoding="UTF8",
    has_schema=True,
    may_create=True,
    may_create_roles=False,
    may_own=True,
    owns_database=True,
    owner="deployer",
    missing_roles=(),
    not_owned=(),
)


@pytest.mark.parametrize("major", [16, 18, 19])
def test_fit(major: int) -> None:
    require_server(dataclasses.replace(FIT, major=major))
    require_rights(FIT, from_base=True)


def test_too_old() -> None:
    with pytest.raises(MigrationError, match=r"^PostgreSQL 15\.9 is too old: ledgerdb needs 16 or"):
        require_server(dataclasses.replace(FIT, major=15, version="15.9"))


def test_a_standby() -> None:
    with pytest.raises(MigrationError, match='"ledger" is a standby: deploy on the primary'):
        require_server(dataclasses.replace(FIT, standby=True, read_only=True))


def test_all_that_is_lacking_is_named_at_once() -> None:
    facts = dataclasses.replace(
        FIT,
        may_create=False,
        missing_roles=("a", "b"),
        may_own=False,
        owns_database=False,
        owner="x",
    )
    with pytest.raises(MigrationError) as caught:
        require_rights(facts, from_base=True)
    assert str(caught.value).endswith(
        "it lacks CREATE on schema public; CREATEROLE (or the roles a, b);"
        " ownership of the database (it belongs to x); membership of symphony_owner"
        " (grant symphony_owner to deployer with inherit true, set true)"
    )
