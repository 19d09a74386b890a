"""One private server for the pages: a reader's own, on which nobody else's databases are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledgerdb.embedded import EmbeddedServer
from proof.ground import FAST


@pytest.fixture(scope="package")
def reader_server() -> Iterator[EmbeddedServer]:
    """A server as `ledgerdb server` starts it."""
    with EmbeddedServer(version=18, settings=FAST) as server:
        yield server
