"""A primary with a synchronous standby that can be promoted."""

from __future__ import annotations

import subprocess

import psycopg

from ledgerdb.embedded import EmbeddedServer
from tests.waiting import until

FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "30", "max_wal_senders": "4"}


class Pair:
    """Two servers over their sockets; the second streams from the first."""

    def __init__(self, version: int) -> None:
        self.primary = EmbeddedServer(version=version, settings=FAST)
        self.standby = EmbeddedServer(version=version, settings=FAST)

    @property
    def url(self) -> str:
        """Both, the standby first; clients find the one that takes writes."""
        return (
            f"postgresql://postgres@/postgres?host={self.standby.host},{self.primary.host}"
            "&port=5432,5432"
        )

    def __enter__(self) -> Pair:
        self.primary.start()
        self._copy()
        self.standby.start()
        self.set("synchronous_standby_names", "*")
        until(self._is_synchronous)
        return self

    def __exit__(self, *_: object) -> None:
        self.primary.close()
        self.standby.close()

    def set(self, name: str, value: str) -> None:
        """A setting of the primary."""
        with psycopg.connect(self.primary.url(), autocommit=True) as admin:
            admin.execute(f"alter system set {name} = '{value}'".encode())
            admin.execute("select pg_reload_conf()")

    def fail_over(self) -> None:
        """The primary crashes and the standby takes over."""
        self.primary.stop("immediate")
        with psycopg.connect(self.standby.url(), autocommit=True) as admin:
            admin.execute("select pg_promote()")

    def _copy(self) -> None:
        """The standby's data directory is a base backup; the rest of it is as it would make it."""
        cluster = self.standby.data_dir / "cluster"
        (self.standby.data_dir / "owner.lock").touch()  # says that the folder is a server's
        made = self.primary._programs.run(
            *("pg_basebackup", "--pgdata", cluster, "--write-recovery-conf", "--checkpoint=fast"),
            *("--no-sync", "--dbname", self.primary.url()),
        )
        if made.returncode != 0:
            raise subprocess.CalledProcessError(made.returncode, "pg_basebackup", made.stderr)

    def _is_synchronous(self) -> bool:
        with psycopg.connect(self.primary.url(), autocommit=True) as admin:
            return (
                admin.execute(
                    "select from pg_stat_replication where sync_state in ('sync', 'quorum')"
                ).fetchone()
                is not None
            )
