"""A migration never queues behind a long reader for ever, with every caller queued behind it."""

from __future__ import annotations

import time

import psycopg
import pytest

from tests.commands import run
from tests.migrations.databases import catalog, revisions
from tests.migrations.project import HEAD

COMPLETES_WITHIN_SECONDS = 15


@pytest.mark.parametrize(
    ("lock", "revision"),
    [("row exclusive", "0002"), ("access share", "0003")],
)
def test_it_gives_up_soon_and_names_who_is_in_the_way(
    baseline_url: str, lock: str, revision: str
) -> None:
    if revision == "0003":
        assert run("ledgerdb", "upgrade", "0002", url=baseline_url).code == 0
    before = catalog(baseline_url)
    with psycopg.connect(baseline_url, application_name="a-report") as blocker:
        blocker.execute(f"lock table public.payment_outbox_pending in {lock} mode")
        began = time.monotonic()
        done = run("alembic", "upgrade", "head", url=baseline_url)
        assert time.monotonic() - began < COMPLETES_WITHIN_SECONDS
        pid = blocker.info.backend_pid
        assert done.code != 0
        assert "Traceback" not in done.stderr
        assert f"revision {revision}, ddl/{revision}_" in done.stderr
        assert "failed: 55P03 canceling statement due to lock timeout" in done.stderr
        mode = f"{lock.title().replace(' ', '')}Lock"
        assert f"pid {pid} of a-report (postgres, idle in transaction) holds {mode}" in done.stderr
        assert "payment_outbox_pending" in done.stderr
        assert "nothing of this step was written" in done.stderr
        assert catalog(baseline_url) == before
    assert run("alembic", "upgrade", "head", url=baseline_url).code == 0
    assert revisions(baseline_url) == [HEAD]
