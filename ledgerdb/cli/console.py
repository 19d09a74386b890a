"""`ledgerdb console`: the read-only web console."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ledgerdb.cli.options import Url
from ledgerdb.errors import ConfigurationError
from ledgerdb.readonly import READER, connect_readonly

__all__ = ["console"]

_CONNECTIONS = 4


def console(
    *,
    url: Url = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8600,
    role: Annotated[str, typer.Option(help="Role to read as; its login is a member.")] = READER,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            help="Name under which browsers ask for it; repeat it for several.",
            show_default="those of loopback, and --host",
        ),
    ] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy in front asks who it is.")
    ] = False,
    show_payloads: Annotated[
        bool, typer.Option("--show-payloads", help="Show payloads on the pages of items.")
    ] = False,
    refresh: Annotated[
        int, typer.Option(min=0, max=3600, help="Seconds until a page looks again; 0 for never.")
    ] = 10,
) -> None:
    """Serve a web console that only reads: queue, items, dead letters, doubts, controls.

    It listens on this machine only. On another address it wants a password
    in LEDGERDB_CONSOLE_PASSWORD, or --behind-proxy. /metrics is for Prometheus.

    Example: ledgerdb console --url postgresql://reader@db.example/payments
    """
    try:
        from ledgerdb.console import ConsoleSettings, create_app  # noqa: PLC0415 - the extra
        from ledgerdb.console.server import listen, serve  # noqa: PLC0415
        from ledgerdb.console.settings import PASSWORD_VARIABLE  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{error.name} is not installed: pip install 'ledgerdb[console]'"
        ) from error
    settings = ConsoleSettings(
        host=host,
        password=os.environ.get(PASSWORD_VARIABLE) or None,
        behind_proxy=behind_proxy,
        allowed_hosts=tuple(allowed_host or ()),
        show_payloads=show_payloads,
        refresh_seconds=refresh,
    )
    ledger = connect_readonly(
        url, application_name="ledgerdb-console", role=role, connections=_CONNECTIONS
    )
    with listen(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listening.getsockname()[1]}/"
        serve(
            create_app(ledger, settings),
            listening,
            lambda: typer.echo(f"Console on {address} (Ctrl-C stops it)"),
        )
