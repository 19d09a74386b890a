"""Gauges of the queue, read from the database when metrics are collected."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from opentelemetry.metrics import (
    CallbackOptions,
    MeterProvider,
    Observation,
    get_meter_provider,
)

from ledgerdb._version import __version__
from ledgerdb.errors import LedgerError
from ledgerdb.rows import Backlog
from ledgerdb.sync import Ledger
from ledgerdb.telemetry import names

__all__ = ["CACHE_SECONDS", "QueueGauges"]

CACHE_SECONDS: Final = 10.0
_SECOND: Final = timedelta(seconds=1)
_STATES: Final = ("due", "delayed", "leased", "expired", "in_doubt", "held")

_log = logging.getLogger("ledgerdb.telemetry")


class QueueGauges:
    """How many items wait for what, and how long the oldest due one has. Both from one reading, at
    most once in `CACHE_SECONDS`. Without an answer they are absent rather than old.

    Args:
        ledger: that is read; one reading is under way at a time.
        meter_provider: of the metrics; None takes the global one.
    """

    def __init__(self, ledger: Ledger, meter_provider: MeterProvider | None) -> None:
        self._ledger = ledger
        self._one_at_a_time = threading.Lock()
        self._reading: tuple[Backlog, datetime] | None = None
        self._fresh_until = float("-inf")
        meter = (meter_provider or get_meter_provider()).get_meter(
            names.SCOPE, __version__, names.SCHEMA_URL
        )
        meter.create_observable_gauge(
            names.QUEUE_ITEMS,
            [self._items],
            unit="{item}",
            description="Items that have not ended, by what they wait for.",
        )
        meter.create_observable_gauge(
            names.QUEUE_OLDEST_DUE,
            [self._oldest_due],
            unit="s",
            description="How long the oldest due item has waited; 0 where none is due.",
        )

    def _items(self, _: CallbackOptions) -> Iterable[Observation]:
        reading = self._read()
        if reading is None:
            return []
        backlog, _now = reading
        return [Observation(getattr(backlog, state), {names.STATE: state}) for state in _STATES]

    def _oldest_due(self, _: CallbackOptions) -> Iterable[Observation]:
        reading = self._read()
        if reading is None:
            return []
        backlog, now = reading
        due_at = backlog.oldest_due_at
        return [Observation(0.0 if due_at is None else max((now - due_at) / _SECOND, 0.0))]

    def _read(self) -> tuple[Backlog, datetime] | None:
        with self._one_at_a_time:
            if time.monotonic() >= self._fresh_until:
                self._reading = self._ask()
                self._fresh_until = time.monotonic() + CACHE_SECONDS
            return self._reading

    def _ask(self) -> tuple[Backlog, datetime] | None:
        try:
            with self._ledger.transaction() as now:
                return now.backlog(), now.health().server_time
        except LedgerError as error:
            _log.warning("%s: %s", type(error).__name__, error)
            return None
