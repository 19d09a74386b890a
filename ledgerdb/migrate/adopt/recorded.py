"""What `schema_migrations` says: which of the earlier migrations ran, and with which text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from ledgerdb.errors import MigrationError
from ledgerdb.migrate.adopt.finding import Effect, Finding
from ledgerdb.migrate.adopt.reference import OLDEST_STATE

__all__ = ["NotAReference", "Recorded", "compare", "read"]

_TABLE: Final = text("""
    select coalesce(pg_catalog.bool_or(a.attname = 'version'), false)
        and coalesce(pg_catalog.bool_or(a.attname = 'checksum'), false)
    from pg_catalog.pg_class as c
    left join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
    where c.relnamespace = 'public'::regnamespace and c.relname = 'schema_migrations'
        and c.relkind = 'r'
    group by c.oid
""")
_ROWS: Final = text("select version, checksum from public.schema_migrations order by version")


class NotAReference(MigrationError):
    """The earlier plain-SQL migrations did not build this database: there is nothing to adopt."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The rows, and the state that they amount to: the number of the last known migration."""

    rows: Mapping[str, str]
    state: str


def read(connection: Connection, known: Mapping[str, str]) -> Recorded:
    """The rows of `schema_migrations`.

    Raises:
        NotAReference: this database was not built by the earlier plain-SQL migrations.
    """
    if not connection.scalar(_TABLE):
        raise NotAReference(
            "there is no public.schema_migrations (version, checksum): this database was not built"
            " by the earlier plain-SQL migrations, so there is nothing to adopt; `ledgerdb upgrade`"
            " makes the schema in a database that does not have it"
        )
    rows = {row[0]: str(row[1]) for row in connection.execute(_ROWS)}
    return Recorded(rows, max((version[:4] for version in rows if version in known), default=""))


def compare(recorded: Recorded, known: Mapping[str, str]) -> Iterator[Finding]:
    """Unknown, altered and missing migrations, and a state that is too old."""
    if recorded.state < OLDEST_STATE:
        yield Finding(
            "migration",
            recorded.state or "none",
            Effect.BLOCKS,
            f"is the last known migration that ran: states before {OLDEST_STATE} have another"
            f" surface; run the earlier migrations up to {OLDEST_STATE} or later first",
        )
    for version, checksum in recorded.rows.items():
        if version not in known:
            yield Finding(
                "migration",
                version,
                Effect.NEEDS_ACCEPTANCE,
                "is none of the 34 that are known: what it did to the contract is compared below,"
                " what it did elsewhere stays",
            )
        elif checksum != known[version]:
            yield Finding(
                "migration",
                version,
                Effect.NEEDS_ACCEPTANCE,
                f"ran with another text (checksum {checksum[:12]}... instead of"
                f" {known[version][:12]}...): what it did to the contract is compared below",
            )
    for version in known:
        if version not in recorded.rows and version[:4] < recorded.state:
            yield Finding(
                "migration",
                version,
                Effect.NEEDS_ACCEPTANCE,
                f"never ran, and later ones did, up to {recorded.state}: what is missing of the"
                " contract is created",
            )
