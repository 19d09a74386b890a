"""Wakes a worker when the database says that there is something new."""

from __future__ import annotations

import asyncio
import functools
import logging
from contextlib import suppress
from typing import Final

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from ledgerdb._awaited import AwaitedConnection
from ledgerdb.worker.reconnect import patiently

__all__ = ["CHANNEL", "listen"]

CHANNEL: Final = "symphony_outbox"
_LOOK_SECONDS: Final = 60.0

_log = logging.getLogger("ledgerdb.worker")


async def listen(
    engine: AsyncEngine,
    wake: asyncio.Event,
    *,
    reconnect_seconds_max: float,
) -> None:
    """Sets `wake` at notifications, until it is cancelled; survives lost connections.

    Polling alone is correct: a notification that is missed while the connection is away costs
    time, never an item.
    """
    lost = (psycopg.Error, SQLAlchemyError, OSError)
    while True:
        connection = await patiently(
            functools.partial(_own, engine), reconnect_seconds_max, errors=lost
        )
        try:
            # a notification may come with the answer to another statement
            connection.add_notify_handler(lambda _: wake.set())
            wake.set()  # something may have come while nobody listened
            while True:
                await connection.notified(wake.set, _LOOK_SECONDS)
                await connection.execute("select")  # finds one that died without a word
        except psycopg.Error as error:
            _log.warning("the connection to listen on was lost: %s", error)
        finally:
            with suppress(psycopg.Error):
                await asyncio.shield(connection.close())


async def _own(engine: AsyncEngine) -> AwaitedConnection:
    """Made as the pool makes its own, with the same role and timeouts, and then taken out of it."""
    fairy = await engine.raw_connection()
    connection = fairy.driver_connection
    fairy.detach()
    if not isinstance(connection, AwaitedConnection):
        raise TypeError(f"a worker needs ledgerdb's connection, not {type(connection).__name__}")
    try:
        await connection.set_autocommit(True)
        await connection.execute(f"listen {CHANNEL}")
    except BaseException:
        await asyncio.shield(connection.close())
        raise
    return connection
