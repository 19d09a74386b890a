"""Every test of a defect runs on the reference's functions and on head."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.defects.site import Site


@pytest.fixture(params=["reference", "head"])
def site(request: pytest.FixtureRequest, version: int) -> Iterator[Site]:
    """A database of one of the two."""
    is_head = request.param == "head"
    url: str = request.getfixturevalue("database_url" if is_head else "baseline_database_url")
    with psycopg.connect(url, autocommit=True) as connection:
        yield Site(connection, url, version, is_head=is_head)
