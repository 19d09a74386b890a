"""What the planning of upgrades is tested on."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate.frozen import SqlFile
from ledgerdb.planning.line import TracedRevision
from ledgerdb.planning.statements import Statement, split
from tools.plan import traced_line


def parsed(text: str) -> Statement:
    """The one statement of a text."""
    [statement] = split(SqlFile(Path("ddl/0002_kind.sql"), text, ""))
    return statement


@pytest.fixture(scope="session")
def line_16(server_16: EmbeddedServer) -> list[TracedRevision]:
    """What every revision after the baseline does, on PostgreSQL 16."""
    return traced_line(server_16.url())


@pytest.fixture(scope="session")
def line_18(server_18: EmbeddedServer) -> list[TracedRevision]:
    """What every revision after the baseline does, on PostgreSQL 18."""
    return traced_line(server_18.url())
