"""A reading as metric families. Names, units and help are an interface: dashboards and alert rules
use them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from prometheus_client.core import GaugeMetricFamily

from ledgerdb.metrics.reading import WINDOW_MINUTES, Reading
from ledgerdb.rows import Backlog, Breakdown, BreakdownBy

__all__ = ["OTHER", "families_of", "up"]

OTHER: Final = "(other)"
NONE: Final = "(none)"
_SECOND: Final = timedelta(seconds=1)
_STATES: Final = ("due", "delayed", "leased", "expired", "in_doubt", "held")
_OUTCOMES: Final = ("dispatched", "retried", "failed", "crashed")


def up(value: bool, seconds: float) -> Iterator[GaugeMetricFamily]:  # noqa: FBT001
    """Whether the last reading succeeded, and how long it took."""
    yield _gauge("ledgerdb_up", "1 if the last reading of the database succeeded, else 0.", value)
    yield _gauge(
        "ledgerdb_read_duration_seconds",
        "How long the last reading of the database took, successful or not.",
        seconds,
    )


def families_of(reading: Reading) -> Iterator[GaugeMetricFamily]:
    """Everything that was read."""
    yield from _queue(reading)
    yield from _health(reading)
    yield from _activity(reading)
    for by, rows in reading.breakdowns.items():
        yield from _breakdown(by, rows, reading)


def _queue(reading: Reading) -> Iterator[GaugeMetricFamily]:
    items = GaugeMetricFamily(
        "ledgerdb_queue_items",
        "Items that have not ended, by what they wait for: due, delayed (a retry), leased, expired"
        " (a lease that nobody repaired), in_doubt, or held (paused or behind another).",
        labels=["state"],
    )
    for state in _STATES:
        items.add_metric([state], getattr(reading.backlog, state))
    yield items
    yield _gauge(
        "ledgerdb_queue_oldest_due_seconds",
        "How long the oldest due item has waited; 0 where none is due.",
        _age(reading.backlog.oldest_due_at, reading),
    )
    yield _gauge(
        "ledgerdb_counter_drift_items",
        "Items whose attempt counter and attempts disagree. Must be 0.",
        reading.drifted,
    )


def _health(reading: Reading) -> Iterator[GaugeMetricFamily]:
    health = reading.health
    schema = GaugeMetricFamily(
        "ledgerdb_schema_info", "The revision of the database; always 1.", labels=["revision"]
    )
    schema.add_metric([health.schema_version or ""], 1)
    yield schema
    yield _gauge("ledgerdb_dead_letters", "Items that ended as FAILED.", health.dead_letters)
    yield _gauge(
        "ledgerdb_disputed_dead_letters",
        "Dead letters of which a late result says that they were sent.",
        health.disputed,
    )
    yield _gauge(
        "ledgerdb_oldest_doubt_seconds",
        "How long the oldest item in doubt has been so; 0 where none is.",
        _age(health.oldest_in_doubt_at, reading),
    )
    yield _gauge(
        "ledgerdb_paused_scopes",
        "Scopes that are paused: the queue, rails, tenants.",
        health.paused_scopes,
    )
    yield _gauge(
        "ledgerdb_seal_lag_seconds",
        "Age of the oldest attempt or attestation without a seal; 0 where all are sealed.",
        _age(health.oldest_unsealed_at, reading),
    )
    yield _gauge(
        "ledgerdb_unsealed_rows",
        "Attempts and attestations without a seal, counted up to 10000 of each.",
        health.unsealed,
    )
    yield _gauge("ledgerdb_retry_ceiling", "Tries of an item at most.", health.retry_ceiling)


def _activity(reading: Reading) -> Iterator[GaugeMetricFamily]:
    minutes = reading.activity
    seconds = max(len(minutes), 1) * 60
    yield _gauge(
        "ledgerdb_accepted_per_second",
        f"New instructions per second, over the last {WINDOW_MINUTES} whole minutes.",
        sum(minute.accepted for minute in minutes) / seconds,
    )
    attempts = GaugeMetricFamily(
        "ledgerdb_attempts_per_second",
        f"Ended attempts per second, over the last {WINDOW_MINUTES} whole minutes, by outcome:"
        " dispatched, retried, failed, or crashed (a lease that ran out).",
        labels=["outcome"],
    )
    for outcome in _OUTCOMES:
        attempts.add_metric([outcome], sum(getattr(m, outcome) for m in minutes) / seconds)
    yield attempts
    latency = GaugeMetricFamily(
        "ledgerdb_rail_latency_seconds",
        "Latency of the rails as workers told it, in the last whole minute in which one did.",
        labels=["quantile"],
    )
    told = next((minute for minute in reversed(minutes) if minute.latency_p50_ms is not None), None)
    if told is not None and told.latency_p50_ms is not None and told.latency_p95_ms is not None:
        latency.add_metric(["0.5"], told.latency_p50_ms / 1_000)
        latency.add_metric(["0.95"], told.latency_p95_ms / 1_000)
    yield latency


def _breakdown(
    by: BreakdownBy, rows: Sequence[Breakdown], reading: Reading
) -> Iterator[GaugeMetricFamily]:
    """The ones that wait longest by name, and all others together: what it costs to store them
    stays bounded, whatever callers invent.
    """
    what = by.value.lower()
    items = GaugeMetricFamily(
        f"ledgerdb_{what}_queue_items",
        f"Items that have not ended of a {what}, by what they wait for; {OTHER} is the rest.",
        labels=[what, "state"],
    )
    dead = GaugeMetricFamily(
        f"ledgerdb_{what}_dead_letters",
        f"Items of a {what} that ended as FAILED; {OTHER} is the rest.",
        labels=[what],
    )
    oldest = GaugeMetricFamily(
        f"ledgerdb_{what}_oldest_due_seconds",
        f"How long the oldest due item of a {what} has waited; 0 where none is due.",
        labels=[what],
    )
    named = _named(rows)
    for label, row in named.items():
        for state in _STATES:
            items.add_metric([label, state], getattr(row, state))
        dead.add_metric([label], row.dead_letters)
        oldest.add_metric([label], _age(row.oldest_due_at, reading))
    for state in _STATES:
        items.add_metric([OTHER, state], _rest(reading.backlog, named.values(), state))
    dead.add_metric(
        [OTHER],
        max(reading.health.dead_letters - sum(row.dead_letters for row in named.values()), 0),
    )
    yield from (items, dead, oldest)


def _named(rows: Sequence[Breakdown]) -> dict[str, Breakdown]:
    """Each row under a label of its own: two samples with the same labels would void the scrape."""
    named: dict[str, Breakdown] = {}
    for row in rows:
        label = row.label or row.scope_key or NONE
        if label != OTHER:
            named.setdefault(label, row)
    return named


def _rest(backlog: Backlog, rows: Iterable[Breakdown], state: str) -> int:
    # an item may become due between two statements of a reading
    rest: int = getattr(backlog, state) - sum(getattr(row, state) for row in rows)
    return max(rest, 0)


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=float(value))


def _age(then: datetime | None, reading: Reading) -> float:
    return 0.0 if then is None else max((reading.health.server_time - then) / _SECOND, 0.0)
