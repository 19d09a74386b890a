"""A primary and its standby, with replication over a wire that can be cut.

Data are flushed as in production: what is promised here is durability.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

import psycopg
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from ledgerdb.embedded import EmbeddedServer
from proof.chaos.proxy import Proxy

__all__ = ["Cluster", "kill_postmaster", "until"]

DEADLINE_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.02
SETTINGS: Final = {
    "shared_buffers": "32MB",
    "max_connections": "60",
    "wal_retrieve_retry_interval": "100ms",
    "log_min_messages": "log",
}
_WAITING: Final = Retrying(
    retry=retry_if_exception_type(psycopg.OperationalError),
    wait=wait_fixed(POLL_SECONDS),
    stop=stop_after_delay(DEADLINE_SECONDS),
    reraise=True,
)


class Cluster:
    """Both servers keep their ports for ever; which of them is the primary changes.

    Attributes:
        primary: the server that takes writes.
        standby: None between a failover and the next `attach_standby`.
        link: what the standby replicates through.
        front: what clients that are to be cut off connect through.
    """

    def __init__(self, version: int, *, replicated: bool) -> None:
        self.version = version
        self.replicated = replicated
        self._ports = (_free_port(), _free_port())
        self.primary = EmbeddedServer(version=version, tcp_port=self._ports[0], settings=SETTINGS)
        self.standby: EmbeddedServer | None = None
        self.link = Proxy(self._ports[0])
        self.front = Proxy(self._ports[0])

    def url(self, database: str = "postgres") -> str:
        """Of whichever server is the primary, as libpq finds it."""
        ports = self._ports if self.replicated else self._ports[:1]
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        attributes = "?target_session_attrs=read-write" if self.replicated else ""
        return f"postgresql://postgres:{self._password()}@{hosts}/{database}{attributes}"

    def front_url(self, database: str = "postgres") -> str:
        """Of the primary, through the wire."""
        return f"postgresql://postgres:{self._password()}@127.0.0.1:{self.front.port}/{database}"

    def connect(
        self, server: EmbeddedServer | None = None, database: str = "postgres"
    ) -> psycopg.Connection[Any]:
        """As the superuser over the socket, to the primary unless told otherwise. A server that
        recovers, or is full, is waited for.
        """
        for attempt in _WAITING.copy():
            with attempt:
                return psycopg.connect((server or self.primary).url(database), autocommit=True)
        raise AssertionError("tenacity returns or raises")

    def configure(self, name: str, value: str) -> None:
        """A setting of the primary, which its standbys inherit when they are made."""
        with self.connect() as admin:
            admin.execute(f"alter system set {name} = '{value}'".encode())
            admin.execute("select pg_reload_conf()")

    def attach_standby(self, *, synchronous: bool) -> None:
        """Makes a standby of the primary, and waits until it streams."""
        self.link.target_port = self.primary.port
        self.link.thaw()
        port = next(port for port in self._ports if port != self.primary.port)
        conninfo = (
            f"host=127.0.0.1 port={self.link.port} user=postgres password={self._password()}"
            " application_name=standby"
        )
        standby = EmbeddedServer(
            version=self.version,
            tcp_port=port,
            settings={**SETTINGS, "primary_conninfo": conninfo},
        )
        _copy(self.primary, standby)
        self.standby = standby.start()
        self.configure("synchronous_standby_names", "standby" if synchronous else "")
        until(lambda: self._replicating(synchronous=synchronous))

    def promote(self, split_seconds: float = 0.0) -> None:
        """The standby becomes the primary; whatever happened to the old one before, it is dead
        so many seconds later.
        """
        if self.standby is None:
            raise RuntimeError("there is no standby to promote")
        old, self.primary = self.primary, self.standby
        self.standby = None
        with self.connect() as admin:
            admin.execute("select pg_promote(true, 30)")
        time.sleep(split_seconds)
        self.front.target_port = self.primary.port
        self.front.drop()
        self.link.drop()
        old.stop("immediate")
        old.close()

    def caught_up(self) -> bool:
        """Whether the standby has received what the primary had written when it was asked."""
        if self.standby is None:
            return False
        with self.connect() as admin, self.connect(self.standby) as standby:
            (written,) = admin.execute("select pg_current_wal_lsn()").fetchone() or (None,)

            def received() -> bool:
                row = standby.execute(
                    "select pg_last_wal_receive_lsn() >= %s::pg_lsn", [written]
                ).fetchone()
                return bool(row and row[0])

            until(received)
        return True

    def close(self) -> None:
        for server in (self.standby, self.primary):
            if server is not None:
                server.stop("immediate")
                server.close()
        self.link.close()
        self.front.close()

    def __enter__(self) -> Self:
        self.primary.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _replicating(self, *, synchronous: bool) -> bool:
        with self.connect() as admin:
            row = admin.execute("select state, sync_state from pg_stat_replication").fetchone()
        return row == ("streaming", "sync" if synchronous else "async")

    def _password(self) -> str:
        return (self.primary.data_dir / "password").read_text().strip()


def kill_postmaster(server: EmbeddedServer) -> None:
    """With -9: its children notice and end."""
    pid_file = server.data_dir / "cluster" / "postmaster.pid"
    os.kill(int(pid_file.read_text().split("\n", 1)[0]), signal.SIGKILL)


def until(condition: Callable[[], object], seconds: float = DEADLINE_SECONDS) -> None:
    """Polls.

    Raises:
        TimeoutError: it did not come true.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {condition}")
        time.sleep(POLL_SECONDS)


def _copy(primary: EmbeddedServer, standby: EmbeddedServer) -> None:
    """Into a data directory as EmbeddedServer makes them."""
    cluster = standby.data_dir / "cluster"
    subprocess.run(
        [
            primary.bin_dir / "pg_basebackup",
            *("--dbname", primary.url(), "--pgdata", cluster),
            *("--checkpoint", "fast", "--wal-method", "stream"),
        ],
        check=True,
        capture_output=True,
        env={"LC_ALL": "C"},
    )
    (cluster / "standby.signal").touch()
    (standby.data_dir / "owner.lock").touch()
    shutil.copy2(primary.data_dir / "password", standby.data_dir / "password")
    owner = (primary.data_dir / "cluster").stat()
    for path in (standby.data_dir, *standby.data_dir.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
