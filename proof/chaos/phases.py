"""The runs that make a proof: one node, failovers with and without confirmation, an upgrade under
load, and the reference.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from ledgerdb import MigrationError
from ledgerdb.migrate import upgrade
from proof.chaos.cluster import Cluster
from proof.chaos.failovers import SYNCHRONOUS, asynchronous
from proof.chaos.nemeses import NEMESES
from proof.chaos.stage import HEAD_ROLES, OLDER_ROLES, Outcome, Stage, staged
from proof.ground import BASELINE

__all__ = [
    "Progress",
    "asynchronous_failovers",
    "one_node",
    "reference",
    "small_disk",
    "synchronous_failovers",
    "upgraded",
]

LOAD_SECONDS: Final = 0.5
UPGRADE_TRIES_MAX: Final = 10
DISK_BYTES: Final = 24 * 2**20
# A crash takes a second or two, a broken wire a moment.
_SLOW: Final = frozenset({"postmaster kill -9", "immediate stop", "fast restart"})
_ON_DISK: Final = ("payment_outbox_attempts", "payment_outbox_identities")
_REFERENCE_FAULTS: Final = {
    "worker SIGKILL": 3,
    "worker SIGSTOP beyond its lease": 3,
    "connection terminated": 1,
}
Progress = Callable[[], None]


def one_node(
    version: int, seed: int, faults: int, disk: Path | None, progress: Progress
) -> Outcome:
    """(a): every fault of a single server."""
    kinds = {kind: 1 if kind in _SLOW else 3 for kind in NEMESES}
    if disk is None:
        del kinds["disk full"]
    with (
        Cluster(version, replicated=False) as cluster,
        staged(cluster, "ledger", HEAD_ROLES, seed=seed, disk=disk) as stage,
    ):
        if disk is not None:
            _move_tables(stage, disk)
        stage.strike(kinds, faults, progress)
        return stage.finish()


def synchronous_failovers(version: int, seed: int, failovers: int, progress: Progress) -> Outcome:
    """(b): the standby confirms each commit and is promoted again and again."""
    with Cluster(version, replicated=True) as cluster:
        cluster.attach_standby(synchronous=True)
        with staged(cluster, "ledger", HEAD_ROLES, seed=seed) as stage:
            kinds = list(SYNCHRONOUS)
            for number in range(failovers):
                kind = kinds[number % len(kinds)]
                _fail_over(stage, kind, lambda kind=kind: SYNCHRONOUS[kind](stage.site))  # type: ignore[misc]
                cluster.attach_standby(synchronous=True)
                progress()
            time.sleep(LOAD_SECONDS)
            return stage.finish()


def asynchronous_failovers(version: int, seed: int, failovers: int, progress: Progress) -> Outcome:
    """(c): nobody confirms, and what the standby had not received is lost."""
    with Cluster(version, replicated=True) as cluster:
        cluster.attach_standby(synchronous=False)
        with staged(cluster, "ledger", HEAD_ROLES, seed=seed, conflicts=False) as stage:
            for _ in range(failovers):
                _fail_over(stage, "standby behind, promoted", lambda: asynchronous(stage.site))
                cluster.attach_standby(synchronous=False)
                progress()
            time.sleep(LOAD_SECONDS)
            return stage.finish()


def upgraded(version: int, seed: int, progress: Progress) -> Outcome:
    """A database of revision 0001 is migrated to head while its services work on."""
    with (
        Cluster(version, replicated=False) as cluster,
        staged(
            cluster, "ledger", OLDER_ROLES, seed=seed, revision=BASELINE, conflicts=False
        ) as stage,
    ):
        time.sleep(LOAD_SECONDS)
        stage.look()
        began = time.monotonic()
        # A step that met a service in the way wrote nothing; whoever deploys runs it again.
        for attempt in Retrying(
            retry=retry_if_exception_type(MigrationError),
            stop=stop_after_attempt(UPGRADE_TRIES_MAX),
            reraise=True,
        ):
            with attempt:
                upgrade(cluster.primary.url("ledger"), "head")
        stage.site.journal.log("fault", kind="migration 0001 to head under load", began=began)
        progress()
        stage.strike({"worker SIGKILL": 1, "connection terminated": 1}, 4, progress)
        return stage.finish()


def reference(version: int, seed: int, faults: int, progress: Progress) -> Outcome:
    """Revision 0001 under the same load: the negative control."""
    with (
        Cluster(version, replicated=False) as cluster,
        staged(cluster, "ledger", OLDER_ROLES, seed=seed, revision=BASELINE) as stage,
    ):
        stage.strike(_REFERENCE_FAULTS, faults, progress)
        return stage.finish(drain=False)


@contextmanager
def small_disk() -> Iterator[tuple[Path | None, str]]:
    """A disk that is soon full, or the reason why there is none."""
    if os.geteuid() != 0:
        yield None, "only root may mount a small disk"
        return
    place = Path(tempfile.mkdtemp(prefix="chaos-disk-"))
    place.chmod(0o711)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", place],
        check=False,
        capture_output=True,
        text=True,
    )
    try:
        if mounted.returncode == 0:
            yield place, ""
        else:
            yield None, f"no disk could be mounted: {mounted.stderr.strip()}"
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", place], check=True)
        shutil.rmtree(place)


def _fail_over(stage: Stage, kind: str, act: Callable[[], None]) -> None:
    time.sleep(LOAD_SECONDS)
    stage.look()
    began = time.monotonic()
    act()
    stage.site.journal.log("fault", kind=kind, began=began)


def _move_tables(stage: Stage, disk: Path) -> None:
    site = stage.site
    owner = (site.cluster.primary.data_dir / "cluster").stat()
    os.chown(disk, owner.st_uid, owner.st_gid)
    with site.admin() as admin:
        admin.execute(f"create tablespace small location '{disk}'".encode())
        for table in _ON_DISK:
            admin.execute(f"alter table public.{table} set tablespace small".encode())
