"""How much there is, and how long the revisions that read it all will take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ledgerdb.migrate.adopt.finding import Effect, Finding
from ledgerdb.migrate.adopt.look import Look

__all__ = ["sizes"]

# Of all revisions together, prepared in batches beside traffic: 200,000 attempts took 40 s on two
# busy cores.
_ROWS_PER_SECOND: Final = 5_000
_TABLES: Final = ("payment_outbox_pending", "payment_outbox_attempts", "ingress_attestations")
_SIZES: Final = """
    select c.relname::text as name, greatest(c.reltuples, 0)::bigint as rows,
        pg_catalog.pg_size_pretty(pg_catalog.pg_total_relation_size(c.oid)) as size
    from pg_catalog.pg_class as c
    where c.relnamespace = 'public'::regnamespace and c.relname = any (cast(:tables as text[]))
    order by c.relname
"""


def sizes(look: Look) -> Iterator[Finding]:
    """Rows as the last ANALYZE counted them; sizes with their indexes."""
    for row in look.rows(_SIZES, tables=list(_TABLES)):
        seconds = max(1, round(row["rows"] / _ROWS_PER_SECOND))
        yield Finding(
            "size",
            row["name"],
            Effect.NOTED,
            f"about {row['rows']} rows, {row['size']}: the upgrade reads them in about {seconds} s"
            " on a small server",
        )
