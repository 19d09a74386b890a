"""The file store alone: look-ups that do not scan, crashes, damage, foreign files, many users."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from ledgerdb import calls
from ledgerdb.errors import (
    ConfigurationError,
    Contention,
    DatabaseUnavailable,
    OutcomeUnknown,
    ServerReadOnly,
    StoreDamaged,
    TenantRefused,
)
from ledgerdb.rows import TenantType
from ledgerdb.stores import FileStore, file
from ledgerdb.stores._create import create
from ledgerdb.stores._statements import STATEMENTS
from tests.commands import ROOT
from tests.factories import TENANT, instruction

READING = [name for name in STATEMENTS if name.startswith(("find", "tenant"))]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def store(path: Path) -> Iterator[FileStore]:
    with FileStore(path) as opened:
        opened.register_tenant(TENANT, "tenant", "A Bank", TenantType.NGO)
        yield opened


def raw(store: FileStore) -> sqlite3.Connection:
    connection = store.file._connection
    assert connection is not None
    return connection


def fill(store: FileStore, first: int, count: int) -> None:
    """Rows as `ingest_instruction` writes them, in one transaction."""
    store.ingest(instruction(0))
    raw(store).execute(
        """insert into instructions
        with recursive n (n) as (select ?1 union all select n + 1 from n where n + 1 < ?1 + ?2)
        select tenant_id, 'instruction-' || n, 'key-' || n, participant_id, n + 1, rail_type,
            hex(randomblob(16)), hex(randomblob(16)), accepted_at, fingerprint, payload_hash,
            correlation_id, client_id_hash, signature_hash, signatures, cert_fingerprint_sha256,
            token_jti_hash, upstream_ref, downstream_ref, nfs_sequence_ref, payload
        from n join instructions on instruction_id = 'instruction-0'""",
        (first, count),
    )


class Steps:
    """How many instructions SQLite's machine runs."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.count = 0

    def __enter__(self) -> Steps:
        self._connection.set_progress_handler(self._step, 1)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.set_progress_handler(None, 1)

    def _step(self) -> int:
        self.count += 1
        return 0


def plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    names = dict.fromkeys(_parameters(statement), "x")
    rows = connection.execute(f"explain query plan {statement}", names)
    return [str(row["detail"]) for row in rows]


def _parameters(statement: str) -> set[str]:
    words = statement.replace(",", " ").replace(")", " ").split()
    return {word.lstrip("(")[1:] for word in words if word.lstrip("(").startswith(":")}


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_is_a_search(store: FileStore, name: str) -> None:
    details = plan(raw(store), STATEMENTS[name])
    assert not [detail for detail in details if not detail.startswith("SEARCH")]
    assert details or name not in READING


def test_a_scan_would_be_seen(store: FileStore) -> None:
    statement = "select 1 from instructions where payload_hash = :x"
    assert plan(raw(store), statement) == ["SCAN instructions"]


def test_the_work_of_a_look_up_does_not_grow(store: FileStore) -> None:
    def steps(act: Callable[[], object]) -> int:
        with Steps(raw(store)) as counted:
            act()
        return counted.count

    def look() -> tuple[int, int, int]:
        return (
            steps(lambda: store.evidence_pack(TENANT, "instruction-7")),
            steps(lambda: store.instruction_status(TENANT, "instruction-7")),
            steps(lambda: store.ingest(instruction(7))),
        )

    fill(store, 1, 10)
    few = look()
    fill(store, 11, 20_000)
    assert look() == few
    assert max(few) < 200
    scan = steps(
        lambda: raw(store).execute("select max(payload_hash) from instructions").fetchall()
    )
    assert scan > 20_000


def child(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.stores.children", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def lines(process: subprocess.Popen[str], count: int) -> list[list[str]]:
    assert process.stdout is not None
    return [process.stdout.readline().split() for _ in range(count)]


def test_what_was_acknowledged_survives_a_kill(path: Path, tmp_path: Path) -> None:
    with child("ingest", path, 1, 1_000_000) as process:
        told = lines(process, 40)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for left in tmp_path.glob("ledger.db*"):
        shutil.copy(left, crashed)
    assert (crashed / "ledger.db-wal").stat().st_size > 0  # it was killed in use
    with FileStore(path) as store:
        for number, sequence_id, payload_hash in told:
            pack = store.evidence_pack(TENANT, f"instruction-{number}")
            assert pack is not None
            assert pack.outbox is not None
            assert pack.outbox.sequence_id == int(sequence_id)
            assert pack.attestation.payload_hash == payload_hash
            again = store.ingest(instruction(int(number)))
            assert again.replayed
        assert counts(store)[0] >= len(told) + 1
        assert_whole(store)

    # a journal that ends anywhere: what is there is whole, from the first on
    whole = (crashed / "ledger.db-wal").read_bytes()
    seen = set()
    for part in range(1, 12):
        (crashed / "ledger.db-wal").write_bytes(whole[: len(whole) * part // 12 + part])
        (crashed / "ledger.db-shm").unlink(missing_ok=True)
        torn = tmp_path / f"torn-{part}"
        shutil.copytree(crashed, torn)
        with FileStore(torn / "ledger.db") as store:
            assert_whole(store)
            seen.add(counts(store)[0])
    assert len(seen) > 3  # it did end in different places


def counts(store: FileStore) -> tuple[int, int]:
    row = raw(store).execute("select count(*), coalesce(max(sequence_id), 0) from instructions")
    found = row.fetchone()
    return int(found[0]), int(found[1])


def assert_whole(store: FileStore) -> None:
    """Numbers 1 to n without a hole, and the next one goes on."""
    count, last = counts(store)
    assert count == last
    for (name,) in raw(store).execute("select instruction_id from instructions").fetchall():
        assert store.evidence_pack(TENANT, name) is not None
    counter = raw(store).execute("select max(next_sequence_id) from participants").fetchone()[0]
    assert counter in {None, last + 1}


def test_several_processes_use_one_file_at_once(path: Path) -> None:
    """Also for making it: none of them finds it there."""
    children = [child("ingest", path, first, 12) for first in (100, 200, 300)]
    told = [line for process in children for line in lines(process, 12)]
    for process in children:
        with process:
            pass
        assert process.returncode == 0
    assert sorted(int(sequence_id) for _, sequence_id, _ in told) == sorted(
        set(range(1, 38)) - {sequence_of_the_common_one(path)}
    )
    assert sorted(left.name for left in path.parent.iterdir()) == ["ledger.db"]
    with FileStore(path) as store:
        assert counts(store) == (37, 37)
        assert_whole(store)


def sequence_of_the_common_one(path: Path) -> int:
    with FileStore(path) as store:
        pack = store.evidence_pack(TENANT, "instruction-0")
        assert pack is not None
        assert pack.outbox is not None
        return pack.outbox.sequence_id


def test_a_file_that_somebody_else_made_meanwhile_stays(store: FileStore, path: Path) -> None:
    create(path)  # by one who found none a moment ago
    assert store.ingest(instruction()).sequence_id == 1
    assert not [left for left in path.parent.iterdir() if left.name.startswith(".")]


def test_nobody_writes_between_what_is_read_and_what_is_written(
    store: FileStore, path: Path
) -> None:
    """A write that began by reading would be too late, and refused."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as other:
        tries = []

        def write(statement: str) -> None:
            if "from tenants" in statement:
                with suppress(sqlite3.OperationalError):
                    other.execute("update participants set next_sequence_id = 7")
                    tries.append("written")
                tries.append("tried")

        raw(store).set_trace_callback(write)
        assert store.ingest(instruction()).sequence_id == 1
        assert tries == ["tried"]


def test_a_store_does_not_cross_a_fork(path: Path) -> None:
    with child("fork", path) as process:
        pass
    assert process.returncode == 0


def test_it_is_durable_and_for_its_owner_only(store: FileStore, path: Path) -> None:
    (synchronous,) = raw(store).execute("pragma synchronous").fetchone()
    (journal,) = raw(store).execute("pragma journal_mode").fetchone()
    assert (synchronous, journal) == (3, "wal")  # extra
    assert {left.stat().st_mode & 0o777 for left in path.parent.iterdir()} == {0o600}


def test_the_bytes_are_kept(store: FileStore) -> None:
    body = b' {"b":1,\t"a":"\xc3\xa9"} '
    store.ingest(instruction(payload=memoryview(b"#" + body + b"#")[1:-1]))
    (kept,) = raw(store).execute("select payload from instructions").fetchone()
    assert kept == body


@pytest.mark.parametrize(
    "content",
    [b"", b"short", b"instruction,amount\n" * 100, b"SQLite format 3\x00" + bytes(200)],
    ids=["empty", "short", "text", "a header and nothing"],
)
def test_a_foreign_file_is_not_touched(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"ledger\.db: is"):
        FileStore(path)
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_a_database_of_another_program_is_not_touched(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table tenants (tenant_id text)")
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="of another program"):
        FileStore(path)
    assert path.read_bytes() == before


def test_another_version_is_refused(path: Path) -> None:
    FileStore(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma user_version = 2")
    with pytest.raises(ConfigurationError, match="has version 2 of the file store"):
        FileStore(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is no file"):
        FileStore(tmp_path)


@pytest.mark.parametrize("name", ["nowhere/ledger.db", "ledger\x00.db", "x" * 300])
def test_a_place_where_nothing_can_be_made(tmp_path: Path, name: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot be opened"):
        FileStore(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a?mode=memory", ":memory:", "file:x", "ü %41#.db"])
def test_a_name_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with FileStore(name) as store:
        store.register_tenant(TENANT, "tenant", "A Bank", TenantType.NGO)
    assert [left.name for left in tmp_path.iterdir()] == [name]


def damage_page(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[3 * 4_096 : 4 * 4_096] = os.urandom(4_096)
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8_192])


def drop_index(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("drop trigger deny_instructions_update")


@pytest.mark.parametrize("damage", [damage_page, cut, drop_index])
def test_a_damaged_file_is_refused(
    store: FileStore, path: Path, damage: Callable[[Path], None]
) -> None:
    for number in range(20):
        store.ingest(instruction(number))
    store.close()
    damage(path)
    with pytest.raises(StoreDamaged):
        FileStore(path)


def test_damage_while_it_is_open(store: FileStore, path: Path) -> None:
    store.ingest(instruction())
    raw(store).execute("pragma wal_checkpoint(truncate)")
    with path.open("r+b") as opened:
        opened.seek(4_096)
        opened.write(os.urandom(path.stat().st_size - 4_096))
    raw(store).execute("pragma shrink_memory")  # what it has read before
    with pytest.raises(StoreDamaged, match="is damaged"):
        store.evidence_pack(TENANT, "instruction-1")


def test_a_value_that_was_never_written(store: FileStore) -> None:
    store.ingest(instruction())
    raw(store).execute("drop trigger deny_instructions_update")
    raw(store).execute("update instructions set accepted_at = 'yesterday'")
    with pytest.raises(StoreDamaged, match="instruction_status: what is stored"):
        store.instruction_status(TENANT, "instruction-1")


def test_a_payload_that_is_not_what_was_attested(store: FileStore) -> None:
    store.ingest(instruction())
    raw(store).execute("drop trigger deny_instructions_update")
    raw(store).execute("update instructions set payload = cast('{\"amount\": 1}' as blob)")
    with pytest.raises(StoreDamaged, match="its payload is not what was accepted"):
        store.evidence_pack(TENANT, "instruction-1")


@pytest.mark.parametrize(
    "change", ["delete from instructions", "update instructions set payload = x'7b7d'"]
)
def test_instructions_are_append_only(store: FileStore, change: str) -> None:
    store.ingest(instruction())
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw(store).execute(change)


@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_written_to_a_file_without_a_name(
    store: FileStore, path: Path, *, replaced: bool
) -> None:
    """The bytes would go with the last process that has it open."""
    path.unlink()
    if replaced:
        FileStore(path).close()
    with pytest.raises(DatabaseUnavailable, match="was removed or replaced"):
        store.ingest(instruction())
    with pytest.raises(DatabaseUnavailable, match="was removed or replaced"):
        store.ping()


def test_a_full_disk_is_no_acknowledgement(store: FileStore) -> None:
    (pages,) = raw(store).execute("pragma page_count").fetchone()
    raw(store).execute(f"pragma max_page_count = {pages}")
    with pytest.raises(DatabaseUnavailable, match="full; nothing was written"):
        store.ingest(instruction(payload={"a": "x" * 10_000}))
    assert store.instruction_status(TENANT, "instruction-1") is None
    raw(store).execute("pragma max_page_count = 10000")
    assert store.ingest(instruction()).sequence_id == 1


def test_a_commit_that_fails_is_an_unknown_outcome(store: FileStore) -> None:
    """Whatever else a commit says than that somebody was in the way."""

    class Failing(sqlite3.Connection):
        def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
            if statement == "commit":
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorcode = sqlite3.SQLITE_IOERR
                raise error
            return super().execute(statement, *values)  # type: ignore[arg-type]

    raw(store).close()
    failing = sqlite3.connect(store.file._path, factory=Failing, isolation_level=None)
    failing.row_factory = sqlite3.Row
    store.file._connection = failing
    with pytest.raises(OutcomeUnknown, match="call it again with the same arguments"):
        store.ingest(instruction())
    assert not failing.in_transaction


def test_a_writer_in_the_way_is_contention(store: FileStore, path: Path) -> None:
    raw(store).execute("pragma busy_timeout = 1")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(Contention, match="another process is writing") as refused:
            store.ingest(instruction())
        assert refused.value.sqlstate == "55P03"
        assert store.instruction_status(TENANT, "instruction-1") is None  # readers go on
        other.execute("rollback")
    assert not store.ingest(instruction()).replayed


def test_a_thread_does_not_wait_for_ever(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "_WAIT_SECONDS_MAX", 0.001)
    with store.file._turn, pytest.raises(Contention, match="other threads"):
        store.ping()
    store.ping()


def test_a_file_that_cannot_be_written(store: FileStore) -> None:
    raw(store).execute("pragma query_only = on")
    with pytest.raises(ServerReadOnly):
        store.ingest(instruction())


def test_a_closed_store_says_so(store: FileStore) -> None:
    store.close()
    store.close()
    with pytest.raises(DatabaseUnavailable, match="is closed"):
        store.ping()


def test_a_suspended_tenant_is_refused(store: FileStore) -> None:
    raw(store).execute("update tenants set status = 'SUSPENDED'")
    with pytest.raises(TenantRefused, match="is not an active tenant"):
        store.ingest(instruction())


def test_there_is_no_worker(store: FileStore) -> None:
    with pytest.raises(ConfigurationError, match="the file store has no claim_outbox_items"):
        store.execute(calls.claim(1, "w", 1))
