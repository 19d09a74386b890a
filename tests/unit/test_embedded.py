"""The embedded server: one owner, data kept, no server left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from ledgerdb._locks import locked, open_lock
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import ConfigurationError, DatabaseUnavailable
from proof.ground import FAST
from tests.commands import ROOT, TIMEOUT_SECONDS, environment
from tests.migrations.conftest import closed_port
from tests.waiting import until

OWNER = """
import sys
from pathlib import Path
from ledgerdb.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1])).start()
print(server.url(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Where also the account of root's servers may enter, which pytest's own folders forbid."""
    with tempfile.TemporaryDirectory(prefix="ledgerdb-test-") as folder:
        yield Path(folder).resolve()


def stopped(data_dir: Path) -> bool:
    with open_lock(data_dir / "server.lock") as lock:
        return locked(lock)


def rows(url: str) -> list[tuple[int]]:
    with psycopg.connect(url) as connection:
        return connection.execute("select id from public.kept order by id").fetchall()


def test_a_life(data_dir: Path) -> None:
    """Started, crashed, stopped and started again: data and URL stay; the password is asked for."""
    port = closed_port()
    server = EmbeddedServer(data_dir, tcp_port=port, settings={**FAST, "work_mem": "5MB"})
    with server:
        url = server.url()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create table public.kept (id int)")
            connection.execute("insert into public.kept values (1)")
            assert connection.execute("show work_mem").fetchone() == ("5MB",)
            assert connection.info.server_version // 10000 == 18
            assert server.start() is server
            assert connection.execute("select 1").fetchone() == (1,)
        server.restart()
        assert rows(url) == [(1,)]
        server.stop("immediate")
        assert stopped(data_dir)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
        assert rows(server.start().url()) == [(1,)]
        assert "database system was not properly shut down" in server.log_path.read_text()

        assert rows(server.tcp_url()) == [(1,)]
        wrong = server.tcp_url().replace("postgres:", "postgres:x", 1)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)

        with pytest.raises(ConfigurationError, match="is in use by another process"):
            EmbeddedServer(data_dir).start()
        assert rows(url) == [(1,)]
    assert stopped(data_dir)
    with pytest.raises(ConfigurationError, match="was made by PostgreSQL 18 and not 16"):
        EmbeddedServer(data_dir, version=16).start()
    with EmbeddedServer(data_dir, settings=FAST) as again:
        assert rows(again.url()) == [(1,)]
        with pytest.raises(ConfigurationError, match="pass tcp_port"):
            again.tcp_url()


def test_a_folder_of_someone_else_is_left_alone(data_dir: Path) -> None:
    (data_dir / "letter.txt").write_text("dear")
    with pytest.raises(ConfigurationError, match="is not empty and holds no server of ledgerdb"):
        EmbeddedServer(data_dir).start()
    assert [path.name for path in data_dir.iterdir()] == ["letter.txt"]


def test_a_data_directory_that_cannot_be_one(data_dir: Path) -> None:
    (data_dir / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot use the data directory"):
        EmbeddedServer(data_dir / "file").start()
    with pytest.raises(ConfigurationError, match="unusual characters"):
        EmbeddedServer(data_dir / "$(id)").start()
    with pytest.raises(ConfigurationError, match="no embedded PostgreSQL 15: there are 16 and 18"):
        EmbeddedServer(version=15)


def test_a_server_that_does_not_start_says_why(data_dir: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"did not start in(?s:.*)no_such_setting"):
        EmbeddedServer(data_dir, settings={"no_such_setting": "1"}).start()
    with EmbeddedServer(data_dir, settings=FAST) as server, psycopg.connect(server.url()) as ok:
        assert ok.execute("select 1").fetchone() == (1,)


def test_a_temporary_one_leaves_nothing() -> None:
    with EmbeddedServer(settings=FAST) as server:
        assert server.data_dir.is_dir()
    assert not server.data_dir.exists()


def test_a_server_does_not_outlive_its_killed_owner(data_dir: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(),
    ) as owner:
        assert owner.stdout is not None
        url = owner.stdout.readline().strip()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create table public.kept (id int)")
            connection.execute("insert into public.kept values (7)")
        assert not stopped(data_dir)
        owner.kill()
        owner.wait(TIMEOUT_SECONDS)
        until(lambda: stopped(data_dir))
    with EmbeddedServer(data_dir, settings=FAST) as server:
        assert rows(server.url()) == [(7,)]


@pytest.mark.parametrize("moment", ["while it starts", "while it runs"])
def test_no_server_outlives_an_impatient_ctrl_c(data_dir: Path, moment: str) -> None:
    """A terminal signals the whole group, `pg_ctl` too if it were in it."""
    with subprocess.Popen(
        [sys.executable, "-m", "ledgerdb", "server", str(data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env=environment(),
        start_new_session=True,
    ) as owner:
        assert owner.stdout is not None
        if moment == "while it runs":
            assert owner.stdout.readline().startswith("export LEDGERDB_URL=")
        else:
            until((data_dir / "server.log").exists)

        def ended() -> bool:
            os.killpg(owner.pid, signal.SIGINT)
            return owner.poll() is not None

        until(ended)
    until(lambda: stopped(data_dir))
    with EmbeddedServer(data_dir, settings=FAST) as server, psycopg.connect(server.url()) as again:
        assert again.execute("select 1").fetchone() == (1,)
