"""Histories that are old enough to retire."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.retention.history import History


@pytest.fixture
def history(connection: psycopg.Connection[Any]) -> History:
    """The outbox functions on `connection`, and a way to make what they wrote old."""
    return History(connection)
