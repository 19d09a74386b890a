"""Puts the commands of operators into the command line."""

from __future__ import annotations

import typer

from ledgerdb.cli.operations.dead_letters import dead_letters
from ledgerdb.cli.operations.deciding import cancel, record_attempt, resolve
from ledgerdb.cli.operations.doubts import doubts
from ledgerdb.cli.operations.item import inspect
from ledgerdb.cli.operations.pausing import pause, resume
from ledgerdb.cli.operations.queue import items
from ledgerdb.cli.operations.redrive import redrive
from ledgerdb.cli.operations.status import status
from ledgerdb.cli.operations.top import top
from ledgerdb.cli.operations.trace import trace

__all__ = ["add_to"]

_LOOK = (status, top, items, inspect, trace, doubts, dead_letters)
_ACT = (pause, resume, resolve, cancel, record_attempt, redrive)


def add_to(app: typer.Typer) -> None:
    """Adds the commands, those that only read first."""
    for panel, commands in (("Look at the outbox", _LOOK), ("Act on the outbox", _ACT)):
        for command in commands:
            app.command(rich_help_panel=panel)(command)
