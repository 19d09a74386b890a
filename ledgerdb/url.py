"""Which database: the URL from an argument or the environment, made ready for psycopg."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL

from ledgerdb.errors import ConfigurationError

__all__ = ["DRIVER", "URL_VARIABLES", "database_url", "require_primary"]

DRIVER = "postgresql+psycopg"
URL_VARIABLES = ("LEDGERDB_URL", "DATABASE_URL")

_SCHEME = re.compile(r"(?:postgres|postgresql)(?:\+\w+)?://", re.IGNORECASE)
_PORT_MAX = 65_535
_ENCODE = 'percent-encode "@", ":", "/" and "%" in user name and password'


def database_url(explicit: str | None = None) -> URL:
    """The database to use: `explicit`, else LEDGERDB_URL, else DATABASE_URL.

    Takes any `postgres://` or `postgresql://` URL, with or without a driver suffix, by TCP, by
    socket directory (`?host=/dir`) or with several hosts (`//h1,h2:5433/db`), and returns it
    with the psycopg driver. libpq's own parser reads it, so its options are libpq's. Of several
    hosts the one that takes writes is meant (`target_session_attrs=read-write`), unless the URL
    says otherwise.

    Raises:
        ConfigurationError: no URL, not a PostgreSQL URL, or malformed. The message names where
            the URL came from and never repeats a password.
    """
    source, text = _find(explicit, os.environ)
    scheme = _SCHEME.match(text)
    if scheme is None:
        raise ConfigurationError(
            f"{source} is not a PostgreSQL URL: it must look like"
            " postgresql://user:password@host:5432/database"
        )
    try:
        parts = conninfo_to_dict("postgresql://" + text[scheme.end() :])
    except ProgrammingError as error:
        raise ConfigurationError(f"{source}: {_without_secret(error)}") from None
    except UnicodeEncodeError:
        raise ConfigurationError(f"{source} cannot be encoded as UTF-8; {_ENCODE}") from None
    return _url(source, {key: str(value) for key, value in parts.items() if value is not None})


def require_primary(url: URL) -> URL:
    """The URL, if it leads to a server that takes writes.

    Raises:
        ConfigurationError: it asks for a standby, or for any of several hosts.
    """
    wanted = url.query.get("target_session_attrs")
    several = "," in str(url.query.get("host", ""))
    if wanted not in {None, "read-write", "primary"} and (several or wanted != "any"):
        raise ConfigurationError(
            f"target_session_attrs={wanted}: the ledger is written on the primary only, and never"
            " read from a standby, which shows commits in another order: leave it out, or say"
            " read-write"
        )
    return url


def _find(explicit: str | None, environment: Mapping[str, str]) -> tuple[str, str]:
    if explicit is not None:
        return "the database URL", _given(explicit)
    for variable in URL_VARIABLES:
        if value := environment.get(variable, "").strip():
            return variable, value
    raise ConfigurationError(
        f"no database: set {URL_VARIABLES[0]} (or {URL_VARIABLES[1]})"
        " to postgresql://user:password@host:5432/database"
    )


def _given(explicit: object) -> str:
    if not isinstance(explicit, str):
        raise ConfigurationError(f"the database URL is a {type(explicit).__name__} and no text")
    if not explicit.strip():
        raise ConfigurationError("the database URL is empty")
    return explicit.strip()


def _url(source: str, parts: dict[str, str]) -> URL:
    host, port = parts.pop("host", None), parts.pop("port", None)
    if "@" in (host or ""):
        raise ConfigurationError(f"{source}: the host is malformed; {_ENCODE}")
    if port is not None and not all(_is_port(p) or not p for p in port.split(",")):
        raise ConfigurationError(f"{source}: the port is not a number up to 65535; {_ENCODE}")
    database = parts.pop("dbname", None) or os.environ.get("PGDATABASE")
    if not database and "service" not in parts and "PGSERVICE" not in os.environ:
        # libpq would quietly take the database that is named like the user
        raise ConfigurationError(f"{source} names no database: end it with /database")
    by_query = host is not None and ("/" in host or "," in host)
    if by_query:
        parts["host"] = host or ""
        if port is not None:
            parts["port"] = port
        if "," in parts["host"]:
            parts.setdefault("target_session_attrs", "read-write")
    return URL.create(
        DRIVER,
        username=parts.pop("user", None),
        password=parts.pop("password", None),
        host=None if by_query else host,
        port=None if by_query or not port else int(port),
        database=database,
        query=parts,
    )


def _is_port(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,5}", text) is not None and 0 < int(text) <= _PORT_MAX


def _without_secret(error: ProgrammingError) -> str:
    """libpq's reason on one line, without the text it quotes: that may hold the password."""
    reason = " ".join(str(error).split())
    if option := re.match(r'invalid URI query parameter: "(\w+)"', reason):
        return f'"{option[1]}" is not an option that PostgreSQL clients know'
    summary = reason.partition('"')[0].rstrip(" :")
    return f"the URL is malformed ({summary}); {_ENCODE}"
