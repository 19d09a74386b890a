"""An upgrade under traffic and long readers makes nobody wait for longer than its tries are short.

The server says who waited: it logs each wait for a lock that is longer than a bound. The times that
an application measures are in `python -m proof stall`.
"""

from __future__ import annotations

import re

from ledgerdb.embedded import EmbeddedServer
from proof.stall.traffic import Stalls, seed, upgrade_under_traffic
from tests.migrations.databases import query, revisions
from tests.migrations.project import HEAD

# Three times the length of a try: a busy machine wakes us late. A reader stays much longer.
BOUND_MS = 600
HOLD_SECONDS = 1.5
PATIENT = {"LEDGERDB_LOCK_TIMEOUT_MS": "10000"}


def long_waits(server: EmbeddedServer, url: str) -> list[str]:
    """The waits for locks in this database that were longer than the bound."""
    ((oid,),) = query(url, "select oid from pg_database where datname = current_database()")
    log = server.log_path.read_text(errors="replace")
    return re.findall(rf"still waiting for \w+ on (?:relation|tuple) .*of database {oid} .*", log)


def upgraded(url: str, revision: str, variables: dict[str, str] | None = None) -> Stalls:
    name = query(url, "select current_database()")[0][0]
    query(url, f"alter database {name} set log_lock_waits = on")
    query(url, f"alter database {name} set deadlock_timeout = '{BOUND_MS}ms'")
    seed(url, 100)
    stalls = upgrade_under_traffic(
        url, hold_seconds=HOLD_SECONDS, revision=revision, variables=variables
    )
    assert stalls.code == 0, stalls.said
    assert revisions(url) == [revision]
    return stalls


def test_nobody_waits_for_long(server: EmbeddedServer, baseline_database_url: str) -> None:
    stalls = upgraded(baseline_database_url, HEAD)
    assert stalls.errors == []
    assert "in the way, trying again: pid" in stalls.said, "the reader was not met"
    assert long_waits(server, baseline_database_url) == []


def test_without_short_tries_they_do(server_18: EmbeddedServer, baseline_url: str) -> None:
    """Negative control: somebody waits for long, or ends in a deadlock with who waits so long."""
    stalls = upgraded(baseline_url, "0004", PATIENT)
    assert set(stalls.errors) <= {"40P01"}
    assert long_waits(server_18, baseline_url) != []
