"""Options that commands of several groups share."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["Url"]

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="The database; without it LEDGERDB_URL, else DATABASE_URL.",
        show_default=False,
    ),
]
