"""Faults of two servers: promotions of the standby, and waits for it that are cancelled."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from proof.chaos.cluster import kill_postmaster, until
from proof.chaos.nemeses import Site

__all__ = ["SYNCHRONOUS", "asynchronous", "cancel_waits"]

LOAD_SECONDS: Final = 0.5
SPLIT_SECONDS: Final = 0.4
STALLED: Final = 3  # sessions that wait for the standby, at least
_WAITING: Final = """
select pid from pg_stat_activity where datname = current_database() and wait_event = 'SyncRep'
"""

Failover = Callable[[Site], None]


def _crash(site: Site) -> None:
    """The primary is killed, the standby promoted."""
    kill_postmaster(site.cluster.primary)
    site.cluster.promote()


def _stop(site: Site) -> None:
    """The primary stops without a checkpoint, the standby is promoted."""
    site.cluster.primary.stop("immediate")
    site.cluster.promote()


def _switch(site: Site) -> None:
    """The primary ends in order, the standby is promoted."""
    site.cluster.primary.stop("fast")
    site.cluster.promote()


def _split(site: Site) -> None:
    """The standby is promoted while the old primary runs on, cut off from it: two primaries."""
    site.cluster.link.freeze()
    site.cluster.promote(split_seconds=SPLIT_SECONDS)


def _stalled(site: Site) -> None:
    """The standby hears nothing, waits for it are cancelled, and it is promoted all the same: what
    was committed on the primary alone is gone.
    """
    site.cluster.link.freeze()
    cancel_waits(site)
    kill_postmaster(site.cluster.primary)
    site.cluster.promote()


SYNCHRONOUS: Final[dict[str, Failover]] = {
    "primary killed, standby promoted": _crash,
    "primary stopped at once, standby promoted": _stop,
    "switchover": _switch,
    "two primaries": _split,
    "waits cancelled, standby promoted": _stalled,
}


def asynchronous(site: Site) -> None:
    """Replication does not confirm, falls behind, and the standby is promoted."""
    cluster = site.cluster
    site.journal.log("cut")
    cluster.caught_up()  # what was acknowledged before is on the standby
    cluster.link.freeze()
    time.sleep(LOAD_SECONDS)
    kill_postmaster(cluster.primary)
    cluster.promote()
    site.journal.log("promoted")


def cancel_waits(site: Site) -> None:
    """Cancels everybody who waits for the standby, and some time later those who wait then."""
    with site.admin() as admin:
        for _ in range(2):
            until(lambda: len(admin.execute(_WAITING).fetchall()) >= STALLED)
            for (pid,) in admin.execute(_WAITING).fetchall():
                began = time.monotonic()
                row = admin.execute("select pg_cancel_backend(%s)", [pid]).fetchone()
                if row and row[0]:
                    site.journal.log("fault", kind="synchronous wait cancelled", began=began)
            time.sleep(LOAD_SECONDS)  # those who were told that nobody knows ask again
