"""A migration never queues behind a long reader for ever, with every caller queued behind it."""

from __future__ import annotations

import re

import psycopg
import pytest

from tests.commands import run
from tests.migrations.databases import catalog, revisions
from tests.migrations.project import HEAD

BUDGET = {"LEDGERDB_LOCK_BUDGET_SECONDS": "1.5"}


@pytest.mark.parametrize(
    ("lock", "revision"),
    [("row exclusive", "0002"), ("access share", "0003")],
)
def test_it_stops_at_its_budget_and_names_who_is_in_the_way(
    baseline_url: str, lock: str, revision: str
) -> None:
    if revision == "0003":
        assert run("ledgerdb", "upgrade", "0002", url=baseline_url).code == 0
    before = catalog(baseline_url)
    with psycopg.connect(baseline_url, application_name="a-report") as blocker:
        blocker.execute(f"lock table public.payment_outbox_pending in {lock} mode")
        done = run("alembic", "upgrade", "head", url=baseline_url, variables=BUDGET)
        pid = blocker.info.backend_pid
        assert done.code != 0
        assert "Traceback" not in done.stderr
        said = re.search(
            rf"revision {revision}: its locks could not be had within 1.5 s"
            r" \((\d+) tries of 200 ms\); nothing of this step was written",
            done.stderr,
        )
        assert said is not None, done.stderr
        assert 2 <= int(said[1]) <= 5
        mode = f"{lock.title().replace(' ', '')}Lock"
        holder = rf"pid {pid} of a-report \(postgres, idle in transaction for \d+ s\) holds {mode}"
        assert re.search(holder + " on payment_outbox_pending", done.stderr)
        assert "in the way, trying again: pid" in done.stderr
        # 0003 has prepared itself by then, step by step; its transaction left nothing
        assert revision == "0003" or catalog(baseline_url) == before
        assert revisions(baseline_url) == [f"000{int(revision) - 1}"]
    assert run("alembic", "upgrade", "head", url=baseline_url).code == 0
    assert revisions(baseline_url) == [HEAD]
