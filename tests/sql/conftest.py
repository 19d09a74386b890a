"""The queue of a database at head."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.sql.queue import Queue


@pytest.fixture
def queue(connection: psycopg.Connection[Any]) -> Queue:
    """The outbox functions on `connection`."""
    return Queue(connection)
