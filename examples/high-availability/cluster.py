"""A Patroni cluster of three PostgreSQL nodes on this machine, in strict synchronous mode.

Patroni's own raft keeps the configuration, so that nothing but pip is needed here. In production
use etcd, on machines of its own: the settings below are the same.
"""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ACCOUNT: Final = "pgserver"  # of the embedded servers: PostgreSQL refuses to run as root
NODES: Final = 3
# How Patroni judges a node, in seconds: 20 is the least lease that it allows for the leader.
CONSENSUS: Final = {"ttl": 20, "loop_wait": 2, "retry_timeout": 5}
# What the promise needs: no commit is acknowledged before a standby has it on disk.
SYNCHRONOUS: Final = {"synchronous_mode": True, "synchronous_mode_strict": True}


@dataclass
class Node:
    """One PostgreSQL server and the Patroni that looks after it."""

    name: str
    folder: Path
    port: int
    api_port: int
    raft_port: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def state(self) -> dict[str, Any]:
        """What its Patroni says of it: role, state, timeline; empty where it does not answer."""
        with suppress(OSError, ValueError):
            url = f"http://127.0.0.1:{self.api_port}/patroni"
            try:
                with urllib.request.urlopen(url, timeout=1) as answer:
                    found: dict[str, Any] = json.load(answer)
            except urllib.error.HTTPError as error:  # 503: not running, with the same body
                found = json.load(error)
            return found
        return {}


class Cluster:
    """Three nodes below a folder, started with the programs of a Patroni environment.

    Args:
        folder: empty; everything of the cluster is below it.
        patroni: the program.
        bin_dir: where `postgres` is.
    """

    def __init__(self, folder: Path, patroni: Path, bin_dir: Path) -> None:
        self.folder, self.patroni, self.bin_dir = folder, patroni, bin_dir
        self.password = secrets.token_hex(12)
        ports = iter(_free_ports(3 * NODES))
        self.nodes = [
            Node(f"node{number}", folder / f"node{number}", next(ports), next(ports), next(ports))
            for number in range(1, NODES + 1)
        ]
        for node in self.nodes:
            node.folder.mkdir(mode=0o700)
            (node.folder / "patroni.json").write_text(json.dumps(self._configuration(node)))
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, ACCOUNT, ACCOUNT)

    @property
    def url(self) -> str:
        """Every node, in one URL: clients find the one that takes writes."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgresql://postgres:{self.password}@{hosts}/postgres"

    def start(self, node: Node) -> None:
        """Starts Patroni, which makes or joins the cluster."""
        with (node.folder / "patroni.log").open("ab") as log:
            node.process = subprocess.Popen(
                [*self._demoted(), self.patroni, node.folder / "patroni.json"],
                cwd="/",
                env={"PATH": os.environ["PATH"], "HOME": str(node.folder), "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def leader(self) -> Node | None:
        """The node that takes writes."""
        for node in self.nodes:
            state = node.state()
            if state.get("role") == "primary" and state.get("state") == "running":
                return node
        return None

    def standbys(self) -> list[Node]:
        """The nodes that stream from the leader."""
        return [n for n in self.nodes if n.state().get("replication_state") == "streaming"]

    def synchronous_standbys(self) -> list[Node]:
        """Those without which nothing is acknowledged."""
        return [node for node in self.nodes if node.state().get("sync_standby")]

    def kill(self, node: Node) -> None:
        """As if the machine lost its power: Patroni and PostgreSQL at once, with SIGKILL."""
        pid_file = node.folder / "data" / "postmaster.pid"
        with suppress(OSError, ValueError):
            os.kill(int(pid_file.read_text().split("\n", 1)[0]), signal.SIGKILL)
        if node.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(node.process.pid, signal.SIGKILL)
            node.process.wait()
            node.process = None

    def close(self) -> None:
        """Ends all nodes."""
        for node in self.nodes:
            self.kill(node)

    def _demoted(self) -> list[str]:
        if os.geteuid() != 0:
            return []
        # The account may not enter folders below /root, where this checkout or Python may be: the
        # capability lets it. On a server of your own, install Patroni where its account can read.
        user = pwd.getpwnam(ACCOUNT)
        capability = "--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"
        identity = f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"
        return ["setpriv", *identity, *capability, "--"]

    def _configuration(self, node: Node) -> dict[str, Any]:
        others = [other for other in self.nodes if other is not node]
        return {
            "scope": "ledger",
            "name": node.name,
            "restapi": {"listen": f"127.0.0.1:{node.api_port}"},
            "raft": {
                "data_dir": str(node.folder / "raft"),
                "self_addr": f"127.0.0.1:{node.raft_port}",
                "partner_addrs": [f"127.0.0.1:{other.raft_port}" for other in others],
            },
            "bootstrap": {
                "dcs": {
                    **CONSENSUS,
                    **SYNCHRONOUS,
                    "synchronous_node_count": 1,
                    "primary_start_timeout": 0,  # a crashed leader is replaced, not waited for
                    "postgresql": {
                        "use_pg_rewind": True,
                        "parameters": {
                            "synchronous_commit": "on",
                            "max_connections": 60,
                            "shared_buffers": "32MB",
                            "wal_log_hints": "on",
                        },
                    },
                },
                "initdb": [{"encoding": "UTF8"}, "no-locale", "data-checksums"],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{node.port}",
                "connect_address": f"127.0.0.1:{node.port}",
                "data_dir": str(node.folder / "data"),
                "bin_dir": str(self.bin_dir),
                "pgpass": str(node.folder / "pgpass"),
                "authentication": {
                    "superuser": {"username": "postgres", "password": self.password},
                    "replication": {"username": "replicator", "password": self.password},
                },
                "parameters": {"unix_socket_directories": f"{node.folder}"},
                "pg_hba": [
                    "local all all trust",
                    "host all all 127.0.0.1/32 scram-sha-256",
                    "host replication replicator 127.0.0.1/32 scram-sha-256",
                ],
            },
        }


def until(condition: Any, what: str, seconds: float = 60.0) -> Any:  # noqa: ANN401
    """The first true value of the condition.

    Raises:
        TimeoutError: it stayed false until the deadline.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.1)
    return value


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
