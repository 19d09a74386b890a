"""What a server was sent: its own log of every statement."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pglast

from ledgerdb.embedded import EmbeddedServer
from proof.ground import FAST
from tests.migrations.databases import query

_LOGGED = FAST | {
    "log_statement": "all",
    "logging_collector": "on",
    "log_destination": "jsonlog",
    "log_filename": "statements",
    "log_rotation_age": "0",
    "log_rotation_size": "0",
}
_STATEMENT = re.compile(r"(?:statement|execute [^:]*): ", re.DOTALL)


@dataclass(slots=True)
class Recorded:
    """The messages of a program while it was recorded: session and text, as the log has them."""

    messages: list[tuple[str, str]] = field(default_factory=list)

    def work(self) -> list[list[str]]:
        """The statements of each transaction that was committed, without what ends it.

        A statement outside of any is one of its own.
        """
        found: list[list[str]] = []
        open_in: dict[str, list[str]] = {}
        for session, message in self.messages:
            for statement in statements(message):
                word = statement.lower()
                if re.match(r"begin\b", word):
                    open_in[session] = []
                elif word in ("commit", "rollback"):
                    inner = open_in.pop(session, [])
                    if word == "commit":
                        found.append(inner)
                elif session in open_in:
                    open_in[session].append(statement)
                else:
                    found.append([statement])
        return found


class LoggingServer:
    """A server that logs every statement."""

    def __init__(self, version: int) -> None:
        self.server = EmbeddedServer(version=version, settings=_LOGGED)
        self._names = 0

    @property
    def _log(self) -> Path:
        (found,) = self.server.data_dir.rglob("statements.json")
        return found

    @contextmanager
    def database(self) -> Iterator[str]:
        """An empty one, dropped at the end."""
        self._names += 1
        name = f"logged_{self._names}"
        query(self.server.url(), f"create database {name} template template0")
        yield self.server.url(name)
        query(self.server.url(), f"drop database {name} with (force)")

    @contextmanager
    def recording(self, program: str) -> Iterator[Recorded]:
        """What sessions whose application name begins so send meanwhile; known at the end."""
        begin = self._log.stat().st_size
        recorded = Recorded()
        yield recorded
        with self._log.open("rb") as file:
            file.seek(begin)
            for line in file.read().splitlines():
                entry = json.loads(line)
                sent = _STATEMENT.match(entry.get("message", ""))
                if sent and entry.get("application_name", "").startswith(program):
                    text = entry["message"][sent.end() :]
                    recorded.messages.append((entry["session_id"], text))


def statements(message: str) -> list[str]:
    """The statements of one message, as they are, without what stands between them."""
    return [re.sub(r"\A(?:\s|--[^\n]*\n)*", "", one) for one in pglast.split(message)]
