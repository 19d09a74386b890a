"""Flatness: larger payloads, more workers, deeper backlogs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from bench.clients import Job, drain, enqueue_singly, work
from bench.draining import worker_drain
from bench.ground import Ground
from bench.plan import Case, Measurement, Profile, Workload
from bench.systems import LEDGERDB, VISIBILITY, System
from bench.workloads.fill import fill

__all__ = ["BACKLOG", "SCALE", "WORKER"]

BACKLOG: Final = "backlog of "
WORKER: Final = "a Worker behind "

_SYSTEMS: Final = (LEDGERDB, VISIBILITY)
_CLIENTS: Final = 2
_BATCH: Final = 100
_KB: Final = 1_024


def _cases(profile: Profile) -> Iterator[Case]:
    for payload in profile.payloads:
        for system in _SYSTEMS:
            measure = partial(_payload, system, profile, payload)
            yield Case(SCALE.name, f"payload of {payload // _KB} KB", system.name, measure)
    for workers in profile.workers:
        for system in _SYSTEMS:
            who = "1 worker" if workers == 1 else f"{workers} workers"
            yield Case(SCALE.name, who, system.name, partial(_workers, system, profile, workers))
    for backlog in profile.backlogs:
        for system in _SYSTEMS:
            measure = partial(_backlog, system, profile, backlog)
            yield Case(SCALE.name, f"{BACKLOG}{backlog} items", system.name, measure)
    for backlog in profile.backlogs:
        measure = partial(_worker, profile, backlog)
        yield Case(SCALE.name, f"{WORKER}{backlog} items", LEDGERDB.name, measure)


def _payload(system: System, profile: Profile, payload: int, ground: Ground) -> Measurement:
    items = max(_BATCH, profile.scale_items * _KB // payload)
    with ground.database(system.layout) as url:
        job = Job(
            url=url,
            system=system.name,
            seconds=profile.enqueue_seconds,
            payload_bytes=payload,
            batch=_BATCH,
        )
        enqueued = work(enqueue_singly, job, _CLIENTS)
        fill(url, system, items, payload_bytes=payload)
        drained = work(drain, job, _CLIENTS)
        return Measurement(
            {
                "size": payload,
                "enqueue_per_second": enqueued.per_second,
                "drain_per_second": drained.per_second,
                "rss_bytes": drained.rss_bytes,
            }
        )


def _workers(system: System, profile: Profile, workers: int, ground: Ground) -> Measurement:
    with ground.database(system.layout) as url:
        fill(url, system, profile.drain_items)
        done = work(drain, Job(url=url, system=system.name, batch=_BATCH), workers)
        return Measurement(
            {"size": workers, "drain_per_second": done.per_second, "rss_bytes": done.rss_bytes}
        )


def _backlog(system: System, profile: Profile, backlog: int, ground: Ground) -> Measurement:
    """The same number of items from a backlog of each size; of a small one in several rounds."""
    wanted = profile.scale_items
    drained, seconds, rss_bytes, rounds = 0, 0.0, 0, 0
    job = Job(url="", system=system.name, batch=_BATCH, items=min(wanted, backlog) // _CLIENTS)
    with ground.database(system.layout) as url:
        while drained < wanted:
            if rounds == 0 or backlog <= wanted:
                fill(url, system, backlog, f"fill-{rounds}")
            done = work(drain, replace(job, url=url), _CLIENTS)
            if not done.items:
                break
            rounds += 1
            drained += done.items
            seconds += done.elapsed
            rss_bytes = max(rss_bytes, done.rss_bytes)
        return Measurement(
            {"size": backlog, "drain_per_second": drained / seconds, "rss_bytes": rss_bytes}
        )


def _worker(profile: Profile, backlog: int, ground: Ground) -> Measurement:
    """One `Worker` with a handler that does nothing: what the loop around it holds."""
    with ground.database(LEDGERDB.layout) as url:
        fill(url, LEDGERDB, backlog)
        done = worker_drain(url, min(backlog, profile.scale_items))
        return Measurement(
            {"size": backlog, "drain_per_second": done.per_second, "rss_bytes": done.rss_bytes}
        )


SCALE: Final = Workload(
    "scale", "payloads, workers and backlogs of several sizes", _cases, is_long=True
)
