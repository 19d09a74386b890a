"""One database as a promise sees it: calls under the role that makes them, rows as they stand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.string import TextLoader

__all__ = ["INFINITE", "Broken", "Moment", "Row", "World", "moment", "same"]

Row: TypeAlias = dict[str, Any]

INFINITE: Final = datetime.max.replace(tzinfo=UTC)
_INGRESS: Final = frozenset(
    {
        "enqueue_outbox_items",
        "enqueue_payment_outbox",
        "evidence_pack",
        "ingest_instruction",
        "ingest_instructions",
        "instruction_status",
        "outbox_backlog",
    }
)
_WORKER: Final = frozenset(
    {
        "begin_outbox_dispatch",
        "claim_outbox_batch",
        "claim_outbox_items",
        "complete_outbox_attempt",
        "complete_outbox_attempts",
        "extend_outbox_leases",
        "release_outbox_leases",
        "repair_expired_leases",
        "seal_ledger",
    }
)
_OWNER: Final = frozenset({"bump_participant_outbox_seq"})


class Broken(AssertionError):
    """A promise that was not kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """Equal to every time between two."""

    first: datetime
    last: datetime

    def __eq__(self, other: object) -> bool:
        return isinstance(other, datetime) and self.first <= other <= self.last

    __hash__ = None  # type: ignore[assignment]

    def later(self, seconds: float) -> Moment:
        """The same stretch, so many seconds later."""
        shift = timedelta(seconds=seconds)
        return Moment(self.first + shift, self.last + shift)


def moment() -> datetime:
    """By the clock that the server reads too: both are on this machine."""
    return datetime.now(UTC)


def same(what: str, found: object, promised: object) -> None:
    """Refuses a difference, and says where it is.

    Raises:
        Broken: found is not what was promised.
    """
    if found == promised:
        return
    if isinstance(found, Sequence) and isinstance(promised, Sequence) and not _is_text(found):
        if len(found) != len(promised):
            raise Broken(f"{what}: {len(found)} instead of {len(promised)}: {found!r:.300}")
        for place, (one, other) in enumerate(zip(found, promised, strict=True)):
            same(f"{what}[{place}]", one, other)
    if isinstance(found, Mapping) and isinstance(promised, Mapping):
        for key in {**promised, **found}:
            same(f"{what}.{key}", found.get(key, "nothing"), promised.get(key, "nothing"))
    raise Broken(f"{what}: {found!r:.200} instead of {promised!r:.200}")


def _is_text(value: object) -> bool:
    return isinstance(value, str | bytes)


class World:
    """A database that a promise is tried on.

    Attributes:
        url: of it, as the superuser.
        connection: as the superuser; `call` takes the role that may call the function.
        during: the stretch of the last call.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.connection = connect(url)
        self._signatures = {
            row["proname"]: row["arguments"] for row in self.connection.execute(_SIGNATURES)
        }
        self.during = Moment(moment(), moment())

    def call(self, function: str, **arguments: object) -> list[Row]:
        """The rows of a function, called as the role that it is for; names without their p_."""
        types: dict[str, str] = self._signatures[function]
        given = sql.SQL(", ").join(
            sql.SQL("{} => {}::{}").format(
                sql.Identifier(f"p_{name}"),
                sql.Placeholder(name),
                sql.SQL(types[f"p_{name}"]),
            )
            for name in arguments
        )
        statement = sql.SQL("select * from {}({})").format(
            sql.Identifier("public", function), given
        )
        self.connection.execute(_ROLE_OF.get(function, _AS_CONTROL))
        first = moment()
        rows = self.connection.execute(statement, arguments).fetchall()
        self.during = Moment(first, moment())
        self.connection.execute("reset role")
        return rows

    def one(self, function: str, **arguments: object) -> Row:
        """The one row of a function."""
        rows = self.call(function, **arguments)
        same(f"rows of {function}", len(rows), 1)
        return rows[0]

    def value(self, function: str, **arguments: object) -> Any:
        """The one value of a function."""
        return self.one(function, **arguments)[function]

    def refuses(
        self,
        sqlstate: str,
        column: str | None,
        rule: str | None,
        function: str,
        **arguments: object,
    ) -> psycopg.errors.Diagnostic:
        """Refuses a call that is accepted, or refused in another way."""
        try:
            with self.undone():
                self.call(function, **arguments)
        except psycopg.Error as error:
            found = (error.sqlstate, error.diag.column_name, error.diag.constraint_name)
            same(f"refusal of {function}", found, (sqlstate, column, rule))
            return error.diag
        shown = ", ".join(f"{name}={value!r:.60}" for name, value in arguments.items())
        raise Broken(f"{function} took what it must refuse with {sqlstate}: {shown}")

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever is done in it is undone; a transaction, or a part of one."""
        with self.connection.transaction(force_rollback=True):
            yield

    def rows(self, statement: str, *parameters: object) -> list[Row]:
        """Of any statement, as the superuser."""
        return self.connection.execute(statement.encode(), parameters).fetchall()

    def run(self, statement: str, *parameters: object) -> None:
        """Any statement, as the superuser."""
        self.connection.execute(statement.encode(), parameters)

    def table(self, name: str, order: str = "1", **where: object) -> list[Row]:
        """The rows of a table, or those that have the given values."""
        condition = " and ".join(f"{column} = %({column})s" for column in where) or "true"
        query = f"select * from public.{name} where {condition} order by {order}"
        return self.connection.execute(query.encode(), where).fetchall()

    def close(self) -> None:
        self.connection.close()


def connect(url: str) -> psycopg.Connection[Row]:
    """A connection that reads infinity as the last time there is, and json as it was written."""
    connection: psycopg.Connection[Row] = psycopg.connect(
        url, autocommit=True, row_factory=dict_row
    )
    connection.adapters.register_loader("timestamptz", _TimeLoader)
    connection.adapters.register_loader("json", TextLoader)
    connection.execute("set timezone = 'UTC'")
    connection.execute("set statement_timeout = '5s'")  # a mistake may wait, or loop, for ever
    return connection


class _TimeLoader(TimestamptzLoader):
    def load(self, data: bytes | bytearray | memoryview) -> datetime:
        return INFINITE if bytes(data) == b"infinity" else super().load(data)


def dumped(value: object) -> str:
    """JSON without blanks."""
    return json.dumps(value, separators=(",", ":"))


_AS_CONTROL: Final = "set role symphony_control"
_ROLE_OF: Final = {
    **dict.fromkeys(_INGRESS, "set role symphony_ingest"),
    **dict.fromkeys(_WORKER, "set role symphony_executor"),
    **dict.fromkeys(_OWNER, "set role symphony_owner"),
}
_SIGNATURES: Final = """
    select
        f.proname,
        coalesce(
            (
                select jsonb_object_agg(f.proargnames[a.place], format_type(a.type, null))
                from unnest(f.proargtypes) with ordinality as a (type, place)
            ), '{}'
        ) as arguments
    from pg_proc as f
    where f.pronamespace = 'public'::regnamespace
"""
