"""A round: deployers at once, killed and cut off at random, until the database is at head."""

from __future__ import annotations

import multiprocessing
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psycopg

from ledgerdb.migrate.lock import LOCK_KEY
from proof.deployers.deployer import Deployer, context
from proof.deployers.project import is_index, table_of

__all__ = ["Outcome", "run_round", "scratch_database"]

DEPLOYERS: Final = 8
FAULTS: Final = 6
_LIMIT_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.005
_FREE_SECONDS_MAX: Final = 3.0
# What a deployer says whose session was ended.
_CUT_OFF: Final = re.compile(
    "57P01|terminating connection|connection is (closed|lost)|server closed the connection"
)

_SESSIONS: Final = """
    select pid from pg_catalog.pg_stat_activity
    where datname = pg_catalog.current_database() and application_name = 'ledgerdb-migrate'
"""
_HOLDERS: Final = """
    select l.pid from pg_catalog.pg_locks as l
    join pg_catalog.pg_database as d on d.oid = l.database
    where l.locktype = 'advisory' and l.granted and d.datname = pg_catalog.current_database()
        and (l.classid::bigint << 32) + l.objid::bigint = %s
"""
_INVALID: Final = "select count(*) from pg_catalog.pg_index where not indisvalid"
_RUNNING: Final = "select count(*) from public.ledgerdb_migration_steps where state <> 'DONE'"
_LEDGER: Final = "select revision from public.ledgerdb_migrations order by revision"
_VERSIONS: Final = "select version_num from public.ledgerdb_alembic_version"
_DEADLOCKS: Final = """
    select deadlocks from pg_catalog.pg_stat_database
    where datname = pg_catalog.current_database()
"""


@dataclass(slots=True)
class Outcome:
    """What a round came to.

    Attributes:
        faults: what was done to the deployers, by kind.
        findings: what should not be; none when it holds.
        free_seconds: after each kill of who held the lock, how long the lock stayed.
        seconds: that it took.
    """

    faults: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    free_seconds: list[float] = field(default_factory=list)
    seconds: float = 0.0


@contextmanager
def scratch_database(server_url: str, url_of: Any) -> Iterator[str]:  # noqa: ANN401 - name -> URL
    """An empty database, gone at the end."""
    name = f"deployers_{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f"create database {name} template template0".encode())
        yield url_of(name)
        admin.execute(f"drop database {name} with (force)".encode())


def run_round(
    root: Path,
    url: str,
    revisions: int,
    seed: int,
    *,
    faults: int = FAULTS,
    limit_seconds: float = _LIMIT_SECONDS,
) -> Outcome:
    """Deployers of the project at `root` start at once on an empty database.

    A deployer that was killed, or whose session was ended, is started again.

    Args:
        root: the project.
        url: the database.
        revisions: how many the project has.
        seed: of what is done to whom, and when.
        faults: how many.
        limit_seconds: after which whoever still runs hangs.
    """
    rng = random.Random(seed)
    outcome = Outcome()
    start = context()
    holder = multiprocessing.get_context("forkserver").Value("i", 0)
    logs = [root / f"deployer-{number}.log" for number in range(DEPLOYERS)]
    running = [Deployer(start, root, url, holder, log) for log in logs]
    began = time.monotonic()
    next_fault = began + rng.uniform(0, 0.1)
    with psycopg.connect(url, autocommit=True) as witness:
        while any(deployer.code != 0 for deployer in running):
            for number, deployer in enumerate(running):
                if deployer.code not in (None, 0):
                    if deployer.code != -signal.SIGKILL and not _CUT_OFF.search(deployer.said):
                        outcome.findings.append(f"failed by itself: {deployer.said}")
                    running[number] = Deployer(start, root, url, holder, logs[number])
            if time.monotonic() - began > limit_seconds:
                outcome.findings.append(f"hangs after {limit_seconds:g} s: {_waits(witness)}")
                break
            if sum(outcome.faults.values()) < faults and time.monotonic() >= next_fault:
                _disturb(rng, running, holder.value, witness, outcome)
                next_fault = time.monotonic() + rng.uniform(0, 0.15)
            time.sleep(_PAUSE_SECONDS)
        for deployer in running:
            deployer.kill()
        outcome.seconds = time.monotonic() - began
        if not any("hangs" in finding for finding in outcome.findings):
            outcome.findings += _wrong(witness, revisions)
    return outcome


def _disturb(
    rng: random.Random,
    running: list[Deployer],
    holder: int,
    witness: psycopg.Connection[Any],
    outcome: Outcome,
) -> None:
    kind = rng.choice(("kill who works", "kill anyone", "end a session"))
    if kind == "end a session":
        sessions = [pid for (pid,) in witness.execute(_SESSIONS)]
        if sessions:
            witness.execute("select pg_catalog.pg_terminate_backend(%s)", [rng.choice(sessions)])
            outcome.faults[kind] += 1
        return
    alive = [deployer for deployer in running if deployer.code is None]
    chosen = [deployer for deployer in alive if deployer.pid == holder]
    if kind == "kill anyone" or not chosen:
        chosen = alive
    if not chosen:
        return
    victim = rng.choice(chosen)
    locked = [pid for (pid,) in witness.execute(_HOLDERS, [LOCK_KEY])]
    victim.kill()
    outcome.faults["kill"] += 1
    # after a session was ended, the lock may be another one's than the last step's
    if victim.pid == holder and locked and not outcome.faults["end a session"]:
        began = time.monotonic()
        while locked == [pid for (pid,) in witness.execute(_HOLDERS, [LOCK_KEY])]:
            if time.monotonic() - began > _FREE_SECONDS_MAX:
                outcome.findings.append(f"the lock is not free after {_FREE_SECONDS_MAX:g} s")
                break
            time.sleep(_PAUSE_SECONDS)
        outcome.free_seconds.append(time.monotonic() - began)


def _waits(witness: psycopg.Connection[Any]) -> str:
    found = witness.execute(
        """select application_name, wait_event, left(query, 40) from pg_catalog.pg_stat_activity
        where datname = pg_catalog.current_database() and wait_event_type = 'Lock'"""
    )
    return "; ".join(" ".join(map(str, row)) for row in found)


def _wrong(witness: psycopg.Connection[Any], revisions: int) -> list[str]:
    expected = [f"{number:04}" for number in range(1, revisions + 1)]

    def column(statement: str) -> list[Any]:
        return [value for (value,) in witness.execute(statement.encode())]

    found = []
    if column(_VERSIONS) != expected[-1:]:
        found.append(f"at {column(_VERSIONS)}")
    if column(_LEDGER) != expected:
        found.append(f"the ledger holds {column(_LEDGER)}")
    for number in range(1, revisions + 1):
        if not is_index(number):
            rows = column(f"select count(*) from public.{table_of(number)}")[0]
            if rows != 1:
                found.append(f"revision {number:04} was applied {rows} times")
    for what, statement in (
        ("invalid indexes", _INVALID),
        ("stale steps", _RUNNING),
        ("deadlocks", _DEADLOCKS),
    ):
        if count := column(statement)[0]:
            found.append(f"{count} {what}")
    return found
