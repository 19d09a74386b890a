"""The ledger's metrics as text, once or for every scrape."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, generate_latest, start_http_server

from ledgerdb.metrics.collector import LedgerCollector
from ledgerdb.sync import Ledger

__all__ = ["printed", "serving"]


def printed(ledger: Ledger, top: int) -> tuple[str, bool]:
    """The metrics of now, and whether the database answered."""
    registry = _registry(LedgerCollector(ledger, top=top))
    text = generate_latest(registry).decode()
    return text, bool(registry.get_sample_value("ledgerdb_up"))


@contextmanager
def serving(
    ledger: Ledger, host: str, port: int, *, top: int, cache_seconds: float
) -> Iterator[int]:
    """Serves the metrics from threads, within the block.

    Yields:
        The port, where 0 was asked for.

    Raises:
        OSError: the address is not this machine's, or in use.
    """
    registry = _registry(LedgerCollector(ledger, top=top, cache_seconds=cache_seconds))
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise OSError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _registry(collector: LedgerCollector) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(collector)
    return registry
