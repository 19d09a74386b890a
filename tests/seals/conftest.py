"""Ledgers under seals."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.seals.sealed import Sealed, fill


@pytest.fixture
def empty(connection: psycopg.Connection[Any]) -> Sealed:
    """The functions on `connection`."""
    return Sealed(connection)


@pytest.fixture
def sealed(empty: Sealed) -> Sealed:
    """A ledger with every kind of item, under several seals."""
    fill(empty)
    return empty
