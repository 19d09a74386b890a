"""On and off. OpenTelemetry is imported when it is switched on, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledgerdb import _watch
from ledgerdb.errors import ConfigurationError
from ledgerdb.sync import Ledger

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

__all__ = ["instrument", "observe_queue", "uninstrument"]


def instrument(
    meter_provider: MeterProvider | None = None, tracer_provider: TracerProvider | None = None
) -> None:
    """Tells OpenTelemetry of every call, pool wait, replay and worker of this process from now on.
    Once more replaces what was on.

    Args:
        meter_provider: of the metrics; None takes the global one.
        tracer_provider: of the spans; None takes the global one, if one was set before.

    Raises:
        ConfigurationError: OpenTelemetry is not installed.
    """
    try:
        from ledgerdb.telemetry.watcher import OpenTelemetryWatcher  # noqa: PLC0415 - the extra
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    _watch.watcher = OpenTelemetryWatcher(meter_provider, tracer_provider)


def uninstrument() -> None:
    """Tells nobody any more. Calls that are under way are not told of."""
    _watch.watcher = None


def observe_queue(ledger: Ledger, meter_provider: MeterProvider | None = None) -> None:
    """Adds gauges of the queue, read when metrics are collected; one process for a database is
    enough.

    Args:
        ledger: one of `ledgerdb.readonly.connect_readonly`. Once it is closed by its owner, or the
            database does not answer, the gauges are absent.
        meter_provider: of the metrics; None takes the global one.

    Raises:
        ConfigurationError: OpenTelemetry is not installed.
    """
    try:
        from ledgerdb.telemetry.queue import QueueGauges  # noqa: PLC0415 - the extra
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    QueueGauges(ledger, meter_provider)


def _missing(error: ModuleNotFoundError) -> ConfigurationError:
    return ConfigurationError(f"{error.name} is not installed: pip install 'ledgerdb[telemetry]'")
