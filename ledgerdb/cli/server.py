"""`ledgerdb server`: the embedded PostgreSQL, for development."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated, Literal

import typer

from ledgerdb.embedded import EmbeddedServer

__all__ = ["server"]


def server(
    data_dir: Annotated[
        Path | None, typer.Argument(help="Kept between runs.", show_default="a temporary folder")
    ] = None,
    *,
    version: Annotated[
        Literal["16", "18"], typer.Option(help="Major version of PostgreSQL.")
    ] = "18",
    port: Annotated[
        int | None,
        typer.Option(
            min=1024,
            max=65535,
            help="Listen on this port of 127.0.0.1 too.",
            show_default="socket only",
        ),
    ] = None,
) -> None:
    """Run a private PostgreSQL until Ctrl-C; never for data that matter."""
    stop = threading.Event()
    with EmbeddedServer(data_dir, version=int(version), tcp_port=port) as running:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        typer.echo(f"export LEDGERDB_URL='{running.url()}'")
        if port is not None:
            typer.echo(f"# or, by TCP: {running.tcp_url()}")
        typer.echo("# Ctrl-C stops it", err=True)
        stop.wait()
