"""The faults. Each is a function that does it at a site and says whether it happened."""

from __future__ import annotations

import errno
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg

from proof.chaos.actors import LEASE_SECONDS, Crew
from proof.chaos.cluster import Cluster, kill_postmaster, until
from proof.chaos.history import Journal
from proof.chaos.proxy import Break, Direction, Manner

__all__ = ["NEMESES", "Site", "strike"]

BREAK_SECONDS_MAX: Final = 2.0
LOCK_SECONDS: Final = 0.45
STORM_SECONDS: Final = 0.2
FULL_SECONDS: Final = 0.4
CONNECTIONS_MAX: Final = 200
FILLER_BYTES: Final = 65_536
_BACKENDS: Final = """
select pid from pg_stat_activity
where backend_type = 'client backend' and application_name like '%chaos%'
"""
_TERMINATE: Final = """
select pg_terminate_backend(pid) from pg_stat_activity
where application_name like '%chaos%' and state = 'active' limit 3
"""
_CANCEL: Final = """
select pg_cancel_backend(pid) from pg_stat_activity
where application_name like '%chaos%' and state = 'active' limit 3
"""


@dataclass(slots=True)
class Site:
    """Where faults happen.

    Attributes:
        disk: a small one that holds tables of the ledger, where there is one.
        continued: when each stopped process goes on.
    """

    cluster: Cluster
    crew: Crew
    database: str
    journal: Journal
    dice: random.Random
    disk: Path | None = None
    continued: list[threading.Timer] = field(default_factory=list)

    def admin(self) -> psycopg.Connection[Any]:
        return self.cluster.connect(database=self.database)

    def settle(self) -> None:
        """Waits until stopped processes go on."""
        for timer in self.continued:
            timer.join()
        self.continued.clear()


Nemesis = Callable[[Site], bool]
NEMESES: Final[dict[str, Nemesis]] = {}


def nemesis(kind: str) -> Callable[[Nemesis], Nemesis]:
    """Registers a fault under its name."""

    def register(function: Nemesis) -> Nemesis:
        NEMESES[kind] = function
        return function

    return register


def strike(site: Site, kind: str) -> bool:
    """Does it, and writes it down where it happened."""
    began = time.monotonic()
    happened = NEMESES[kind](site)
    if happened:
        site.journal.log("fault", kind=kind, began=began)
    return happened


@nemesis("worker SIGKILL")
def _(site: Site) -> bool:
    return _signal_worker(site, signal.SIGKILL) is not None


@nemesis("worker SIGSTOP beyond its lease")
def _(site: Site) -> bool:
    pid = _signal_worker(site, signal.SIGSTOP)
    if pid is None:
        return False
    timer = threading.Timer(LEASE_SECONDS + 0.6, _continue, [pid])
    timer.start()
    site.continued.append(timer)
    return True


@nemesis("service SIGKILL")
def _(site: Site) -> bool:
    pids = site.crew.pids("ingress")
    if pids:
        os.kill(site.dice.choice(pids), signal.SIGKILL)
    return bool(pids)


@nemesis("backend kill -9")
def _(site: Site) -> bool:
    with site.admin() as admin:
        pids = admin.execute(_BACKENDS).fetchall()
        if not pids:
            return False
        try:
            os.kill(site.dice.choice(pids)[0], signal.SIGKILL)
        except ProcessLookupError:
            return False
        # The server ends all sessions, ours among them, and recovers.
        until(lambda: _is_broken(admin))
    return True


@nemesis("postmaster kill -9")
def _(site: Site) -> bool:
    kill_postmaster(site.cluster.primary)
    site.cluster.primary.restart("immediate")
    return True


@nemesis("immediate stop")
def _(site: Site) -> bool:
    site.cluster.primary.restart("immediate")
    return True


@nemesis("fast restart")
def _(site: Site) -> bool:
    # PostgreSQL may miss an orderly stop that comes in the middle of a recovery: it never ends.
    site.admin().close()
    site.cluster.primary.restart("fast")
    return True


@nemesis("connection terminated")
def _(site: Site) -> bool:
    return _end_backends(site, _TERMINATE)


@nemesis("statement cancelled")
def _(site: Site) -> bool:
    return _end_backends(site, _CANCEL)


@nemesis("wire cut at COMMIT")
def _(site: Site) -> bool:
    return _break(site, Manner.CUT)


@nemesis("wire reset at COMMIT")
def _(site: Site) -> bool:
    return _break(site, Manner.RESET)


@nemesis("wire half-open at COMMIT")
def _(site: Site) -> bool:
    return _break(site, Manner.HALF_OPEN)


@nemesis("connection storm")
def _(site: Site) -> bool:
    with ExitStack() as stack:
        for _ in range(CONNECTIONS_MAX):
            try:
                stack.enter_context(psycopg.connect(site.cluster.url(site.database)))
            except psycopg.OperationalError:
                time.sleep(STORM_SECONDS)
                return True
    return False


@nemesis("lock and statement timeouts")
def _(site: Site) -> bool:
    with site.admin() as admin, admin.transaction(force_rollback=True):
        try:
            admin.execute("set local lock_timeout = '2s'")
            admin.execute("lock table public.payment_outbox_pending in access exclusive mode")
        except psycopg.errors.LockNotAvailable:
            return False
        time.sleep(LOCK_SECONDS)
    return True


@nemesis("table rewritten")
def _(site: Site) -> bool:
    with site.admin() as admin:
        try:
            admin.execute("set lock_timeout = '2s'")
            admin.execute("vacuum full public.payment_outbox_pending")
        except psycopg.errors.LockNotAvailable:
            return False
    return True


@nemesis("disk full")
def _(site: Site) -> bool:
    if site.disk is None:
        return False
    filler = site.disk / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"\0" * FILLER_BYTES)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        time.sleep(FULL_SECONDS)
        return True
    finally:
        filler.unlink(missing_ok=True)


def _is_broken(connection: psycopg.Connection[Any]) -> bool:
    try:
        connection.execute("select")
    except psycopg.OperationalError:
        return True
    return False


def _signal_worker(site: Site, number: signal.Signals) -> int | None:
    pids = site.crew.pids("workers") + site.crew.pids("older.worker")
    if not pids:
        return None
    pid = site.dice.choice(pids)
    os.kill(pid, number)
    return pid


def _continue(pid: int) -> None:
    with suppress(ProcessLookupError):  # another fault killed it
        os.kill(pid, signal.SIGCONT)


def _end_backends(site: Site, query: LiteralString) -> bool:
    """Those that are doing something, one at least."""
    with site.admin() as admin:
        until(lambda: any(done for (done,) in admin.execute(query).fetchall()))
    return True


def _break(site: Site, manner: Manner) -> bool:
    """Anywhere in the request of a commit or in its reply; a verb commits without saying so."""
    direction = site.dice.choice(list(Direction))
    commit, verb = (b"COMMIT", site.dice.randrange(-5, 15)), (b"", site.dice.randrange(400))
    planned = Break(direction, *site.dice.choice((commit, verb)), manner)
    return site.cluster.front.break_next(planned, BREAK_SECONDS_MAX)
