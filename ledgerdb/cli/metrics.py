"""`ledgerdb metrics`: the ledger's metrics for Prometheus."""

from __future__ import annotations

import signal
import threading
from types import ModuleType
from typing import Annotated

import typer

from ledgerdb.cli.options import Url
from ledgerdb.errors import ConfigurationError
from ledgerdb.readonly import READER, connect_readonly
from ledgerdb.sync import Ledger

__all__ = ["metrics"]

metrics = typer.Typer(
    name="metrics", help="The ledger's metrics for Prometheus.", no_args_is_help=True
)

_Role = Annotated[str, typer.Option(help="Role to read as; its login is a member.")]
_Top = Annotated[
    int,
    typer.Option(
        min=0, max=100, help="Tenants, participants and rails by name; 0 leaves them out."
    ),
]


@metrics.command("serve")
def serve_command(
    *,
    url: Url = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8601,
    role: _Role = READER,
    top: _Top = 10,
    cache: Annotated[
        float, typer.Option(min=0, max=300, help="Seconds in which scrapes get the same figures.")
    ] = 10,
) -> None:
    """Serve /metrics until Ctrl-C.

    It reads over one connection, at most once in --cache seconds. Without an
    answer of the database ledgerdb_up is 0, and the scrape succeeds all the same.

    Example: ledgerdb metrics serve --host 0.0.0.0 --port 8601
    """
    exposition, ledger = _opened(url, role)
    stop = threading.Event()
    with ledger, exposition.serving(ledger, host, port, top=top, cache_seconds=cache) as chosen:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        shown = f"[{host}]" if ":" in host else host
        typer.echo(f"Metrics on http://{shown}:{chosen}/metrics (Ctrl-C stops it)")
        stop.wait()


@metrics.command("print")
def print_command(*, url: Url = None, role: _Role = READER, top: _Top = 10) -> None:
    """Print the metrics once.

    For a file that another exporter reads. Exit code 1 without an answer of the
    database.

    Example: ledgerdb metrics print > /var/lib/node_exporter/ledgerdb.prom
    """
    exposition, ledger = _opened(url, role)
    with ledger:
        text, answered = exposition.printed(ledger, top)
    typer.echo(text, nl=False)
    if not answered:
        raise typer.Exit(1)


def _opened(url: str | None, role: str) -> tuple[ModuleType, Ledger]:
    try:
        from ledgerdb.metrics import exposition  # noqa: PLC0415 - the extra
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{error.name} is not installed: pip install 'ledgerdb[console]'"
        ) from error
    return exposition, connect_readonly(url, application_name="ledgerdb-metrics", role=role)
