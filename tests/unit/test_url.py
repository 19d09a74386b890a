"""Every form of a PostgreSQL URL, and what is refused without telling the password."""

from __future__ import annotations

import pytest

from ledgerdb.errors import ConfigurationError
from ledgerdb.url import database_url

SECRET = "hunter2"  # noqa: S105 - of nothing


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LEDGERDB_URL", "DATABASE_URL", "PGDATABASE", "PGSERVICE"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u:p@h:5433/d", "postgresql+psycopg://u:p@h:5433/d"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql+psycopg2://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql+asyncpg://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("PostgreSQL://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("  postgresql://h/d\n", "postgresql+psycopg://h/d"),
        ("postgresql:///d", "postgresql+psycopg:///d"),
        ("postgresql://u@/d", "postgresql+psycopg://u@/d"),
        ("postgresql://[::1]:5433/d", "postgresql+psycopg://[::1]:5433/d"),
        ("postgresql://u@/d?host=/run/pg", "postgresql+psycopg://u@/d?host=%2Frun%2Fpg"),
        (
            "postgresql://u@/d?host=/run/pg&port=5433",
            "postgresql+psycopg://u@/d?host=%2Frun%2Fpg&port=5433",
        ),
        ("postgresql://%2Frun%2Fpg/d", "postgresql+psycopg:///d?host=%2Frun%2Fpg"),
        (
            "postgresql://h1,h2:5433/d",
            "postgresql+psycopg:///d?host=h1%2Ch2&port=%2C5433&target_session_attrs=read-write",
        ),
        (
            "postgresql://h1:1,h2:2/d?target_session_attrs=read-write",
            "postgresql+psycopg:///d?host=h1%2Ch2&port=1%2C2&target_session_attrs=read-write",
        ),
        ("postgresql://h/d?sslmode=require", "postgresql+psycopg://h/d?sslmode=require"),
        (
            "postgresql://u%40x:p%3A%2F%25@h/d%2Fe",
            "postgresql+psycopg://u%40x:p%3A%2F%25@h/d/e",
        ),
        ("postgresql://h/?dbname=d&user=u", "postgresql+psycopg://u@h/d"),
        ("postgresql://h?service=ledger", "postgresql+psycopg://h?service=ledger"),
    ],
)
def test_forms(given: str, expected: str) -> None:
    found = database_url(given).render_as_string(hide_password=False)
    assert found == expected


def test_percent_encoded_parts_are_decoded() -> None:
    url = database_url("postgresql://u%40x:p%3A%2F%25@h/d")
    assert (url.username, url.password, url.host, url.database) == ("u@x", "p:/%", "h", "d")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "the database URL is empty"),
        ("  ", "the database URL is empty"),
        (SECRET, "is not a PostgreSQL URL"),
        (f"mysql://u:{SECRET}@h/d", "is not a PostgreSQL URL"),
        (f"postgresql:u:{SECRET}@h/d", "is not a PostgreSQL URL"),
        (f"host=h password={SECRET}", "is not a PostgreSQL URL"),
        (f"postgresql://u:{SECRET}@h", "names no database"),
        (f"postgresql://u:{SECRET}@h/", "names no database"),
        (f"postgresql://u:{SECRET}@x@h/d", "the host is malformed; percent-encode"),
        (f"postgresql://u:{SECRET}/x@h/d", "percent-encode"),
        (f"postgresql://u:{SECRET}%zz@h/d", "percent-encode"),
        (f"postgresql://u:{SECRET}@h:port/d", "the port is not a number"),
        (f"postgresql://u:{SECRET}@[::1/d", "malformed"),
        (f"postgresql://u:x@h/d?pasword={SECRET}", '"pasword" is not an option'),
        (f"postgresql://u:x@h/d?password={SECRET}&nonsense=1", '"nonsense" is not an option'),
        (f"postgresql://u:x@h/d?{SECRET}", "malformed"),
        (f"postgresql://u:{SECRET}@h/d?sslmode", "malformed"),
        (f"postgresql://u:{SECRET}@h/d?port=99999", "the port is not a number"),
        (f"postgresql://u:{SECRET}@h:0/d", "the port is not a number"),
        (f"postgresql://u:{SECRET}@h:\u0665/d", "the port is not a number"),
        (f"postgresql://u:{SECRET}@h:\u00b2/d", "the port is not a number"),
    ],
)
def test_refused_without_telling_the_password(given: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        database_url(given)
    message = str(caught.value)
    assert words in message
    assert SECRET not in message
    assert "\n" not in message
    assert SECRET not in str(caught.value.__cause__)


def test_the_environment_is_asked_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=r"set LEDGERDB_URL \(or DATABASE_URL\)"):
        database_url()
    monkeypatch.setenv("DATABASE_URL", "postgresql://h/common")
    assert database_url().database == "common"
    monkeypatch.setenv("LEDGERDB_URL", "  ")
    assert database_url().database == "common"
    monkeypatch.setenv("LEDGERDB_URL", "postgresql://h/ours")
    assert database_url().database == "ours"
    assert database_url("postgresql://h/given").database == "given"
    monkeypatch.setenv("LEDGERDB_URL", "mysql://h/ours")
    with pytest.raises(ConfigurationError, match=r"^LEDGERDB_URL is not"):
        database_url()


def test_libpq_names_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGDATABASE", "of-libpq")
    assert database_url("postgresql://h").database == "of-libpq"
