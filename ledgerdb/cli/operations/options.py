"""Options and arguments that the commands of operators share."""

from __future__ import annotations

import getpass
import re
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

import typer

from ledgerdb.errors import ConfigurationError

__all__ = [
    "Actor",
    "After",
    "AsJson",
    "ItemId",
    "Limit",
    "Participant",
    "Rail",
    "Reason",
    "Role",
    "Tenant",
    "actor_or_login",
    "age_of",
    "names",
]

_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document, for machines.")]
Role = Annotated[
    str | None,
    typer.Option(
        "--role",
        envvar="LEDGERDB_ROLE",
        help="Act as this capability role of the login, such as symphony_control.",
        show_default=False,
        autocompletion=lambda: ["symphony_control", "symphony_readonly", "symphony_auditor"],
    ),
]
Tenant = Annotated[
    UUID | None, typer.Option("--tenant", help="Only of this tenant (its id).", show_default=False)
]
Participant = Annotated[
    str | None, typer.Option("--participant", help="Only of this participant.", show_default=False)
]
Rail = Annotated[str | None, typer.Option("--rail", help="Only of this rail.", show_default=False)]
After = Annotated[
    UUID | None,
    typer.Option(
        "--after",
        metavar="OUTBOX_ID",
        help="Go on behind this one, the last of the page before.",
        show_default=False,
    ),
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Rows at most.")]
ItemId = Annotated[UUID, typer.Argument(metavar="OUTBOX_ID", help="The item.", show_default=False)]
Actor = Annotated[
    str | None,
    typer.Option("--actor", help="Who does it; kept for ever.", show_default="the login name"),
]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept for ever.", show_default=False)]


def actor_or_login(actor: str | None) -> str:
    """Who acts: what was given, else the login name of the operating system.

    Raises:
        ConfigurationError: the system knows no name for this user.
    """
    if actor is not None:
        return actor
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise ConfigurationError("no login name was found: give --actor") from None


def age_of(option: str, text: str) -> timedelta:
    """An age such as 90s, 15m, 2h or 7d, as an option has it.

    Raises:
        typer.BadParameter: it is none.
    """
    if not re.fullmatch(r"[0-9]{1,9}[smhd]", text):
        raise typer.BadParameter(f"{option} {text}: write it as 90s, 15m, 2h or 7d")
    return timedelta(seconds=int(text[:-1]) * _SECONDS[text[-1]])


def names(*words: str) -> list[str]:
    """Completions that need no database."""
    return list(words)
