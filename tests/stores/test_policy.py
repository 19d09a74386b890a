"""The file store opens in local, dev and ci, and nowhere else, whichever way it is opened."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from ledgerdb import stores
from ledgerdb.errors import ConfigurationError
from ledgerdb.stores import AsyncFileStore, FileStore, PostgresStore, StoreRefused, Verdict, decide
from ledgerdb.stores.file import StoreFile

DEVELOPMENT = ("local", "dev", "ci")
GUARDED = ("staging", "pilot", "prod")
# What somebody types, templates or copies by mistake; none of it is one of the six names.
UNKNOWN = (
    *(None, "", " ", "Dev", "DEV", "dev ", " dev", "dev\n", "ci\x00", "local,prod", "development"),
    *(
        "Prod ",
        "PROD",
        "production",
        "test",
        "${ENVIRONMENT}",
        "d\u0435v",
        "\uff44\uff45\uff56",
        "dev\u200b",
    ),
    "dev" * 100_000,
)
DB_MODES = (None, "db", "db_psql", "db_npgsql")
NO_MODES = ("", " ", "FILE", "File", "file ", "DB", "db_", "db_file", "sqlite", "memory", "\x00")


@pytest.mark.parametrize("environment", DEVELOPMENT)
def test_the_file_store_is_for_development(environment: str) -> None:
    decision = decide(environment, "file")
    assert asdict(decision) == {
        "environment": environment,
        "store_mode": "file",
        "decision": "allow",
        "reason": f"ENVIRONMENT is {environment}: the file store is for development",
    }
    assert decision.allowed


@pytest.mark.parametrize("environment", [*GUARDED, *UNKNOWN], ids=lambda e: ascii(e)[:20])
def test_it_is_denied_everywhere_else(environment: str | None) -> None:
    decision = decide(environment, "file")
    assert not decision.allowed
    assert (decision.environment, decision.store_mode) == (environment, "file")
    assert decision.decision is Verdict.DENY
    assert decision.reason.startswith("ENVIRONMENT is ")
    assert decision.reason.endswith(": the file store is for local, dev, ci only")
    assert decision.reason.isprintable()
    assert decision.reason.isascii()
    assert len(decision.reason) < 200


@pytest.mark.parametrize("mode", DB_MODES)
@pytest.mark.parametrize("environment", [*DEVELOPMENT, *GUARDED, "Prod ", "", None])
def test_the_database_is_allowed_everywhere(environment: str | None, mode: str | None) -> None:
    decision = decide(environment, mode)
    assert decision.allowed
    assert decision.store_mode == "db"
    assert ("the file store would be denied" in decision.reason) is (
        environment not in (*DEVELOPMENT, *GUARDED)
    )
    assert (mode == "db") is decision.reason.startswith("the database may be used")


@pytest.mark.parametrize("mode", NO_MODES, ids=ascii)
@pytest.mark.parametrize("environment", ["local", "prod", None])
def test_another_mode_is_refused(environment: str | None, mode: str) -> None:
    decision = decide(environment, mode)
    assert not decision.allowed
    assert decision.store_mode == mode
    assert "which is no store" in decision.reason
    json.dumps(asdict(decision))


OPENINGS: dict[str, Callable[[Path], Any]] = {
    "open_store": lambda path: stores.open_store("file", path=path),
    "open_async_store": lambda path: stores.open_async_store("file", path=path),
    "FileStore": FileStore,
    "AsyncFileStore": AsyncFileStore,
    "StoreFile": StoreFile,
}


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("environment", ["staging", "pilot", "prod", "Dev", "dev ", "", None])
def test_no_way_leads_around_the_policy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, opening: str, environment: str | None
) -> None:
    if environment is None:
        monkeypatch.delenv("ENVIRONMENT")
    else:
        monkeypatch.setenv("ENVIRONMENT", environment)
    with pytest.raises(StoreRefused, match=r"store refused: ENVIRONMENT is .* only") as refused:
        OPENINGS[opening](tmp_path / "ledger.db")
    assert isinstance(refused.value, ConfigurationError)
    assert refused.value.decision == decide(environment, "file")
    copy = pickle.loads(pickle.dumps(refused.value))  # noqa: S301 - our own bytes
    assert str(copy) == str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_opened_either(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    FileStore(path).close()
    before = path.stat()
    monkeypatch.setenv("ENVIRONMENT", "prod")
    with pytest.raises(StoreRefused):
        FileStore(path)
    assert path.stat() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_settings_choose_the_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LEDGERDB_STORE", "file")
    with pytest.raises(ConfigurationError, match="set LEDGERDB_STORE_FILE"):
        stores.open_store()
    monkeypatch.setenv("LEDGERDB_STORE_FILE", str(tmp_path / "ledger.db"))
    with stores.open_store() as store:
        assert isinstance(store, FileStore)
        assert asdict(store.decision) == asdict(decide("ci", "file"))
    monkeypatch.setenv("LEDGERDB_URL", "postgresql://nobody@localhost:1/nothing")
    for mode in ("db", "db_psql", "db_npgsql"):
        monkeypatch.setenv("LEDGERDB_STORE", mode)
        with stores.open_store() as store:
            assert isinstance(store, PostgresStore)
            assert store.decision == decide("ci", mode)
    monkeypatch.delenv("LEDGERDB_STORE")
    monkeypatch.delenv("ENVIRONMENT")
    with stores.open_store() as store:
        assert isinstance(store, PostgresStore)
        assert store.decision.allowed
    monkeypatch.setenv("LEDGERDB_STORE", "")
    with pytest.raises(ConfigurationError, match=r"LEDGERDB_STORE is '', which is no store"):
        stores.open_store()


def test_a_blocking_user_never_loads_the_async_stores() -> None:
    assert set(stores.__all__) == {name for name in stores.__all__ if hasattr(stores, name)}
    assert stores.__all__ == sorted(stores.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        stores.nothing  # noqa: B018
