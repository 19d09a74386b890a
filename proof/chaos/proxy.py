"""A wire between a client and a server that breaks where it is told to."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["Break", "Direction", "Manner", "Proxy"]

CHUNK_BYTES: Final = 65_536
HALF_OPEN_SECONDS: Final = 1.5
_LINGER_NOT: Final = struct.pack("ii", 1, 0)  # close sends a reset


class Direction(StrEnum):
    """Which bytes the wire counts."""

    REQUEST = "request"
    REPLY = "reply"


class Manner(StrEnum):
    """CUT: both ends see the end of the stream. RESET: both see an error. HALF_OPEN: neither sees
    anything for a while.
    """

    CUT = "cut"
    RESET = "reset"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Break:
    """Breaks the connection that next carries `mark`.

    Attributes:
        mark: bytes of the protocol; `COMMIT` is in the request and in the reply of a commit, no
            bytes at all are in everything.
        offset: how many bytes from the beginning of the mark still arrive; one that lies behind the
            end of what was sent breaks after it.
    """

    direction: Direction
    mark: bytes
    offset: int
    manner: Manner


class Proxy:
    """Listens on a port of 127.0.0.1 and connects each client to the target of the moment."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self._armed: tuple[Break, threading.Event] | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self.port: int = self._server.sockets[0].getsockname()[1]

    def break_next(self, planned: Break, timeout_seconds: float) -> bool:
        """Waits until it broke; False where nothing came that carries the mark."""
        broke = threading.Event()
        self._armed = (planned, broke)
        broke.wait(timeout_seconds)
        self._armed = None
        return broke.is_set()

    @property
    def armed(self) -> bool:
        """Whether a break is planned and has not happened."""
        return self._armed is not None

    def freeze(self) -> None:
        """Nothing passes from now on; nobody is told."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def thaw(self) -> None:
        """What was held back passes."""
        self._loop.call_soon_threadsafe(self._flowing.set)

    def drop(self) -> None:
        """Resets every connection; what was held back is gone."""

        async def drop() -> None:
            for writer in tuple(self._writers):
                _reset(writer)

        asyncio.run_coroutine_threadsafe(drop(), self._loop).result()

    def close(self) -> None:
        self.drop()
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _stop(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        self._writers.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
            ends.append(far_writer)
            self._writers.add(far_writer)
            pumps = {
                asyncio.create_task(self._pump(reader, far_writer, ends, Direction.REQUEST)),
                asyncio.create_task(self._pump(far_reader, writer, ends, Direction.REPLY)),
            }
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        except OSError:
            pass  # the target is down: so is the wire
        finally:
            for end in ends:
                self._writers.discard(end)
                end.close()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        ends: list[asyncio.StreamWriter],
        direction: Direction,
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                await self._flowing.wait()
                armed = self._armed
                if armed and armed[0].direction is direction and armed[0].mark in chunk:
                    self._armed = None
                    planned, broke = armed
                    writer.write(chunk[: chunk.find(planned.mark) + planned.offset])
                    await writer.drain()
                    broke.set()
                    await _break(ends, planned.manner)
                    return
                writer.write(chunk)
                await writer.drain()


async def _break(ends: list[asyncio.StreamWriter], manner: Manner) -> None:
    if manner is Manner.CUT:
        return  # whoever served it closes both ends
    if manner is Manner.HALF_OPEN:
        await asyncio.sleep(HALF_OPEN_SECONDS)
    for end in ends:
        _reset(end)


def _reset(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    writer.transport.abort()
