"""A private PostgreSQL server for the demo and the tests; never for data that matter.

What a data directory holds:

    cluster/      PGDATA            owner.lock    held by the Python process that owns the server
    run/          socket directory  server.lock   inherited by the server: held while it lives
    server.log    what it said      password      of the superuser over TCP; the socket needs none

Who is alive is read from the two locks and never guessed from a process id, which may belong to
another program by now. A server does not outlive its owner: it is stopped at exit, and after a
SIGKILL of the owner a watcher, blocked on a pipe that only the owner holds, stops it.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Literal, Self
from urllib.parse import quote

from ledgerdb._locks import locked, open_lock
from ledgerdb._programs import SERVER_VERSIONS, Programs
from ledgerdb.errors import ConfigurationError, DatabaseUnavailable

__all__ = ["SERVER_VERSIONS", "EmbeddedServer", "StopMode"]

StopMode = Literal["fast", "immediate"]

_START_SECONDS_MAX = 60
_STOP_SECONDS_MAX = 60
_LOG_TAIL_LINES = 15

# pg_ctl hands paths to a shell, inside double quotes.
_UNQUOTABLE = frozenset('"$`\\\n')

# A socket address has room for 104 bytes on the narrowest platform, its NUL included.
_SOCKET_DIR_BYTES_MAX = 104 - len("/.s.PGSQL.65535") - 1

# Waits for the end of the pipe (the owner is gone), then stops that server and no later one.
_WATCHER = 'read -r _; [ "$(head -n 1 "$1")" = "$2" ] && kill -INT "$2"'


class EmbeddedServer:
    """One PostgreSQL server, started on entry and stopped on exit of a `with` block.

    Args:
        data_dir: kept between runs; must be empty or made by this class. None: a temporary one,
            removed by `close`.
        version: major version, one of `SERVER_VERSIONS`.
        installation: the folder of another PostgreSQL of that version; None: the wheel's.
        tcp_port: listen on 127.0.0.1 too. None: Unix socket only.
        settings: server parameters by name, written to the configuration at each start.

    Raises:
        ConfigurationError: the programs are not installed, or the data directory cannot be used.
        DatabaseUnavailable: the server did not start or stop; the message has the tail of its log.
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        *,
        version: int = 18,
        installation: Path | None = None,
        tcp_port: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.version = version
        self.tcp_port = tcp_port
        self._programs = Programs(version, installation)
        self._settings = dict(settings or {})
        self._temporary: list[Path] = []
        self.data_dir = self._temporary_dir() if data_dir is None else data_dir.resolve()
        self._socket_dir = self.data_dir / "run"
        path = os.fsencode(self._socket_dir)
        if len(path) > _SOCKET_DIR_BYTES_MAX or b"," in path:  # libpq reads a list of hosts
            self._socket_dir = self._temporary_dir() / "run"
        self._cluster = self.data_dir / "cluster"
        self._owner_lock: IO[bytes] | None = None
        self._owner_pid = os.getpid()
        self._watcher: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """The socket directory, as libpq's `host` takes it."""
        return str(self._socket_dir)

    @property
    def port(self) -> int:
        """Of TCP, and part of the socket's name."""
        return self.tcp_port or 5432

    @property
    def bin_dir(self) -> Path:
        """Where `psql`, `pg_dump` and the other programs of this version are."""
        return self._programs.bin_dir

    @property
    def log_path(self) -> Path:
        """What the server said, in all its runs."""
        return self.data_dir / "server.log"

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """Over the socket, which only this system user reaches: any role, no password."""
        return (
            f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}"
            f"?host={quote(self.host)}&port={self.port}"
        )

    def tcp_url(self, database: str = "postgres") -> str:
        """Over TCP, as the superuser, with the password of this data directory."""
        if self.tcp_port is None:
            raise ConfigurationError("this server does not listen on TCP: pass tcp_port")
        password = (self.data_dir / "password").read_text().strip()
        return (
            f"postgresql://postgres:{password}@127.0.0.1:{self.tcp_port}/{quote(database, safe='')}"
        )

    def start(self) -> Self:
        """Starts the server, in a new cluster if there is none yet. Does nothing if it runs."""
        if self._owner_lock is not None and self._is_running():
            return self
        self._release()
        atexit.unregister(self.close)
        atexit.register(self.close)
        try:
            self._own_data_dir()
            self._end_leftover()
            self._make_cluster()
            self._configure()
            self._launch()
        except BaseException:
            self._release()
            raise
        return self

    def stop(self, mode: StopMode = "fast") -> None:
        """Stops the server; "immediate" is a crash, from which the next start recovers."""
        if self._owner_lock is not None and os.getpid() == self._owner_pid:  # not in a forked child
            try:
                self._end_server(mode)
            finally:
                self._release()

    def restart(self, mode: StopMode = "fast") -> Self:
        """Stops and starts; data and URL stay the same."""
        self.stop(mode)
        return self.start()

    def close(self) -> None:
        """Stops the server and removes what was temporary."""
        self.stop()
        atexit.unregister(self.close)
        if os.getpid() == self._owner_pid:
            for path in self._temporary:
                shutil.rmtree(path, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _temporary_dir(self) -> Path:
        path = Path(tempfile.mkdtemp(prefix="ledgerdb-")).resolve()
        self._programs.hand_over(path)
        self._temporary.append(path)
        return path

    def _own_data_dir(self) -> None:
        if _UNQUOTABLE & set(str(self.data_dir)):
            raise ConfigurationError(
                f"the data directory has unusual characters: {self.data_dir!s}"
            )
        lock = self.data_dir / "owner.lock"
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not lock.exists() and any(self.data_dir.iterdir()):
                raise ConfigurationError(
                    f"{self.data_dir} is not empty and holds no server of ledgerdb: "
                    "choose another data directory"
                )
            self._owner_lock = open_lock(lock)
        except OSError as error:
            raise ConfigurationError(f"cannot use the data directory: {error}") from error
        if not locked(self._owner_lock):
            raise ConfigurationError(f"{self.data_dir} is in use by another process")
        self._socket_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._programs.hand_over(self.data_dir)
        self._programs.hand_over(self._socket_dir)
        self._programs.settle_in(self.data_dir)

    def _is_running(self) -> bool:
        with open_lock(self.data_dir / "server.lock") as lock:
            return not locked(lock)

    def _end_leftover(self) -> None:
        """We own the directory: a server in it lost its owner, a pid file without one is stale."""
        if self._is_running():
            self._end_server("fast")
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def _make_cluster(self) -> None:
        version_file = self._cluster / "PG_VERSION"
        if version_file.exists():
            found = version_file.read_text().strip()
            if found != str(self.version):
                raise ConfigurationError(
                    f"{self.data_dir} was made by PostgreSQL {found} and not {self.version}"
                )
            return
        password = self.data_dir / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24) + "\n")
        self._programs.hand_over(password)
        # Renamed when complete: an interrupted initdb is never taken for a cluster.
        draft = self.data_dir / "cluster.draft"
        shutil.rmtree(draft, ignore_errors=True)
        made = self._programs.run(
            *("initdb", "--pgdata", draft, "--username", "postgres", "--pwfile", password),
            *("--auth-local", "trust", "--auth-host", "scram-sha-256"),
            *("--encoding", "UTF8", "--no-locale", "--no-sync", "--no-instructions"),
        )
        if made.returncode != 0:
            raise DatabaseUnavailable(f"initdb failed in {self.data_dir}: {made.stderr.strip()}")
        with (draft / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude 'ledgerdb.conf'\n")
        draft.rename(self._cluster)

    def _configure(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1" if self.tcp_port else "",
            "port": str(self.port),
            "unix_socket_directories": f'"{self.host}"',
            "unix_socket_permissions": "0700",
            **self._settings,
        }
        path = self._cluster / "ledgerdb.conf"
        with path.open("w") as conf:
            for name, value in settings.items():
                quoted = value.replace("\\", "\\\\").replace("'", "''")
                conf.write(f"{name} = '{quoted}'\n")
        self._programs.hand_over(path)

    def _launch(self) -> None:
        said_before = self.log_path.stat().st_size if self.log_path.exists() else 0
        with open_lock(self.data_dir / "server.lock") as lock:
            if not locked(lock):
                raise DatabaseUnavailable(f"a server still runs in {self.data_dir}")
            try:
                started = self._programs.run(
                    *("pg_ctl", "start", "--pgdata", self._cluster, "--log", self.log_path),
                    *("--silent", "--wait", "--timeout", str(_START_SECONDS_MAX)),
                    keep_open=(lock.fileno(),),
                )
            except BaseException:  # Ctrl-C: the server may be on its way
                lock.close()
                self._end_server("immediate")
                raise
        if started.returncode != 0:
            self._end_server("immediate")
            said = self.log_path.read_bytes()[said_before:] if self.log_path.exists() else b""
            tail = said.decode(errors="replace").splitlines()[-_LOG_TAIL_LINES:]
            raise DatabaseUnavailable(
                "\n".join((f"PostgreSQL {self.version} did not start in {self.data_dir}:", *tail))
            )
        pid_file = self._cluster / "postmaster.pid"
        pid = pid_file.read_text().split("\n", 1)[0]
        self._watcher = self._programs.watch(_WATCHER, pid_file, pid)

    def _end_server(self, mode: StopMode) -> None:
        """Asks until nobody holds the server's lock: a server that has just been launched has no
        pid file yet, and after a crash the last children need a moment to notice.
        """
        deadline = time.monotonic() + _STOP_SECONDS_MAX
        while True:
            stopped = self._programs.run(
                *("pg_ctl", "stop", "--pgdata", self._cluster, "--mode", mode),
                *("--silent", "--wait", "--timeout", str(_STOP_SECONDS_MAX)),
            )
            if not self._is_running():
                return
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(
                    f"PostgreSQL did not stop in {self.data_dir}: {stopped.stderr.strip()}"
                )
            time.sleep(0.02)

    def _release(self) -> None:
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
            self._watcher = None
        if self._owner_lock is not None:
            self._owner_lock.close()
            self._owner_lock = None
