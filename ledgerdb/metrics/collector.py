"""A collector for prometheus_client that reads the ledger at most once in a while."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ledgerdb.errors import LedgerError
from ledgerdb.metrics.families import families_of, up
from ledgerdb.metrics.reading import read
from ledgerdb.sync import Ledger

__all__ = ["LedgerCollector"]

CACHE_SECONDS: Final = 10.0
BUDGET_SECONDS: Final = 4.0
TOP: Final = 10

_log = logging.getLogger("ledgerdb.metrics")


class LedgerCollector(Collector):
    """The ledger's metrics. A scrape never fails: without an answer `ledgerdb_up` is 0, and the
    figures are absent rather than old.

    Args:
        ledger: one of `connect_readonly`; one reading is under way at a time.
        top: names of tenants, participants and rails at most, each with the longest waits first;
            the rest is `(other)`. 0 leaves breakdowns out.
        cache_seconds: scrapes within this time after a reading get the same figures.
        budget_seconds: how long a reading may take before it gives up, give or take a statement.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        top: int = TOP,
        cache_seconds: float = CACHE_SECONDS,
        budget_seconds: float = BUDGET_SECONDS,
    ) -> None:
        self._ledger = ledger
        self._top = top
        self._cache_seconds = cache_seconds
        self._budget_seconds = budget_seconds
        self._one_at_a_time = threading.Lock()
        self._families: tuple[GaugeMetricFamily, ...] = ()
        self._fresh_until = float("-inf")

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: registering must not read the database."""
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The figures, read now or a moment ago."""
        with self._one_at_a_time:
            if time.monotonic() >= self._fresh_until:
                self._families = self._read()
                self._fresh_until = time.monotonic() + self._cache_seconds
            families = self._families
        yield from families

    def _read(self) -> tuple[GaugeMetricFamily, ...]:
        began = time.monotonic()
        try:
            reading = read(self._ledger, top=self._top, seconds=self._budget_seconds)
        except LedgerError as error:
            _log.warning("%s: %s", type(error).__name__, error)
            return (*up(False, time.monotonic() - began),)  # noqa: FBT003
        return (*up(True, time.monotonic() - began), *families_of(reading))  # noqa: FBT003
