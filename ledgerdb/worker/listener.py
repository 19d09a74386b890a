"""Wakes a worker when the database says that there is something new."""

from __future__ import annotations

import asyncio
import functools
import logging
from contextlib import suppress
from typing import Any, Final

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from ledgerdb.worker.reconnect import patiently

__all__ = ["CHANNEL", "listen"]

CHANNEL: Final = "symphony_outbox"
_SILENCE_SECONDS_MAX: Final = 60.0

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
            wake.set()  # something may have come while nobody listened
            while True:
                # one round takes all that has arrived; the server sends one in 10 ms at most
                heard = connection.notifies(timeout=_SILENCE_SECONDS_MAX, stop_after=1)
                if [notification async for notification in heard]:
                    wake.set()
                else:
                    # finds a connection that died without a word
                    await connection.execute("select")
        except psycopg.Error as error:
            _log.warning("the connection to listen on was lost: %s", error)
        finally:
            with suppress(psycopg.Error):
                await asyncio.shield(connection.close())


async def _own(engine: AsyncEngine) -> psycopg.AsyncConnection[Any]:
    """Made as the pool makes its own, with the same role and timeouts, and then taken out of it."""
    fairy = await engine.raw_connection()
    connection = fairy.driver_connection
    fairy.detach()
    if not isinstance(connection, psycopg.AsyncConnection):
        raise TypeError(f"a worker needs psycopg, not {type(connection).__name__}")
    try:
        await connection.set_autocommit(True)
        await connection.execute(f"listen {CHANNEL}")
    except BaseException:
        await asyncio.shield(connection.close())
        raise
    return connection
