"""How a program may speak to the server: protocols, encodings and settings."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg import sql

__all__ = ["KINDS", "Kind", "connect"]

_STATEMENT_SECONDS_MAX: Final = 30  # a hang is found, a busy machine is not blamed


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of session; one is as good as another."""

    name: str
    placeholder: str = "%s"
    cursor: type[psycopg.Cursor[Any]] = psycopg.Cursor
    prepare_threshold: int | None = None
    pipeline: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    # How an answer fails that the session's encoding cannot spell.
    unspeakable: str | None = None

    def context(self, connection: psycopg.Connection[Any]) -> Any:  # noqa: ANN401 - a context manager
        return connection.pipeline() if self.pipeline else nullcontext()


KINDS: Final = (
    Kind("extended"),
    Kind("prepared at once", prepare_threshold=0),
    Kind("prepared soon", prepare_threshold=1),
    Kind("binary", placeholder="%b", prepare_threshold=1),
    Kind("simple", cursor=psycopg.ClientCursor),
    Kind("pipeline", pipeline=True),
    Kind("latin1", settings={"client_encoding": "LATIN1"}, unspeakable="22P05"),
    Kind("sql_ascii", settings={"client_encoding": "SQL_ASCII"}),
    Kind(
        "hostile settings",
        cursor=psycopg.ClientCursor,
        settings={
            "datestyle": "SQL, DMY",
            "timezone": "Pacific/Kiritimati",
            "intervalstyle": "sql_standard",
            "standard_conforming_strings": "off",
            "bytea_output": "escape",
            "extra_float_digits": "-15",
            "transform_null_equals": "on",
            "search_path": "pg_temp",
            "symphony.outbox_retry_ceiling": "99999999999",
        },
    ),
    Kind(
        "generic plans",
        prepare_threshold=0,
        settings={
            "plan_cache_mode": "force_generic_plan",
            "enable_indexscan": "off",
            "symphony.outbox_retry_ceiling": "1",
        },
    ),
)


def connect(url: str, kind: Kind) -> psycopg.Connection[Any]:
    """A session of a kind, in autocommit; a statement that takes long is cancelled."""
    connection = psycopg.connect(
        url,
        autocommit=True,
        cursor_factory=kind.cursor,
        prepare_threshold=kind.prepare_threshold,
        options=f"-c statement_timeout={_STATEMENT_SECONDS_MAX}s",
    )
    for name, value in kind.settings.items():
        setting = sql.SQL(".").join(map(sql.Identifier, name.split(".")))
        values = sql.SQL(", ").join(sql.Literal(part.strip()) for part in value.split(","))
        connection.execute(sql.SQL("set {} = {}").format(setting, values), prepare=False)
    return connection
