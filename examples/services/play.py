"""The services on this machine: an embedded PostgreSQL, and each service as a process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen
from uuid import UUID

import msgspec

from examples.services.ingress.keys import new_key
from ledgerdb import Ledger, TenantType
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import upgrade

__all__ = ["PARTICIPANT", "TENANT", "Stage"]

ROOT: Final = Path(__file__).resolve().parents[2]
TENANT: Final = UUID("6f1c2a54-0c2b-4c8e-9d59-0d5f4c1f7b10")
PARTICIPANT: Final = "BANK-A"
_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 60


class Stage:
    """A database with one tenant, a key of it, and the services that are started on it.

    Attributes:
        url: of the database.
        key: for `x-api-key`.
        folder: of the keys and the logs.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.key, entry = new_key("demo", TENANT, [PARTICIPANT])
        self._keys_file = folder / "keys.json"
        self._keys_file.write_bytes(msgspec.json.encode([entry]))

    @classmethod
    @contextmanager
    def set(cls, folder: Path) -> Iterator[Stage]:
        """A fresh one on an embedded server, which ends with the block."""
        with EmbeddedServer(version=18) as server:
            upgrade(server.url())
            with Ledger.connect(server.url()) as ledger:
                ledger.register_tenant(TENANT, "acme", "Acme Payments", TenantType.COMMERCIAL)
            yield cls(server.url(), folder)

    @property
    def headers(self) -> dict[str, str]:
        """Of a good request."""
        return {
            "x-api-key": self.key,
            "x-tenant-id": str(TENANT),
            "x-participant-id": PARTICIPANT,
            "content-type": "application/json",
        }

    def ingress(self, port: int, module: str = "examples.services.ingress") -> Program:
        """The ingress on a port."""
        variables = {
            "ENVIRONMENT": "local",
            "INGRESS_KEYS_FILE": str(self._keys_file),
            "INGRESS_PORT": str(port),
            "INGRESS_KEY_REQUESTS_PER_SECOND": "100000",
            "INGRESS_KEY_BURST": "100000",
            "INGRESS_KEY_REQUESTS_MAX": "1000",
            "INGRESS_REQUESTS_MAX": "1000",
        }
        return self._start(module, f"http://127.0.0.1:{port}/readyz", variables)

    def rail(self, port: int) -> Program:
        """The rail simulator on a port."""
        variables = {"SIMULATOR_PORT": str(port)}
        return self._start(
            "examples.services.rail.server", f"http://127.0.0.1:{port}/payments", variables
        )

    def worker(self, port: int, rail: str) -> Program:
        """A worker that sends to the rail of a URL."""
        variables = {
            "WORKER_RAIL": "examples.services.rail.http:make",
            "WORKER_PORT": str(port),
            "RAIL_URL": rail,
            "RAIL_SECONDS": "2",
        }
        return self._start(
            "examples.services.worker", f"http://127.0.0.1:{port}/healthz", variables
        )

    def _start(self, module: str, url: str, variables: dict[str, str]) -> Program:
        environment = {**os.environ, "LEDGERDB_URL": self.url, **variables}
        return Program([sys.executable, "-m", module], environment, url, self.folder)


class Program:
    """A process that ends with the block, by SIGTERM: what is under way is finished."""

    def __init__(
        self, arguments: Sequence[str], environment: dict[str, str], url: str, folder: Path
    ) -> None:
        self._log = folder / f"{arguments[-1]}.log"
        self._url = url
        self._stack = ExitStack()
        stderr = self._stack.enter_context(self._log.open("w"))
        self._process = subprocess.Popen(arguments, cwd=ROOT, env=environment, stderr=stderr)

    def __enter__(self) -> Program:
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise SystemExit(f"it did not start: {self._log.read_text()[-2_000:]}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(_STOP_SECONDS)
        self._stack.close()

    @property
    def cpu_seconds(self) -> float:
        """What it has used of the processors so far, its own work and the system's for it."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def _answers(self) -> bool:
        try:
            with urlopen(self._url, timeout=5) as response:
                return bool(response.status == 200)  # noqa: PLR2004
        except (URLError, OSError):
            return False


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
