"""After the run: does a fresh connection see what was reported?

Alembic can say "Running upgrade", exit 0 and commit nothing, when someone else had begun the
transaction. So success is not what the run says; it is what another session reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import URL, text

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen
from ledgerdb.migrate.config import VERSION_SCHEMA, VERSION_TABLE
from ledgerdb.migrate.connection import connect
from ledgerdb.migrate.guard import read_heads

__all__ = ["require_verified"]

_INSTALLED = text("""
    select p.proname, p.prosrc, p.prosqlbody is not null as atomic
    from pg_catalog.pg_proc as p
    join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    where n.nspname = :schema and p.proname = any (cast(:names as text[]))
""")


def require_verified(
    url: URL, target: Sequence[str], functions: Mapping[str, frozen.SqlFile]
) -> None:
    """The database is at `target`, and its functions are the frozen ones to the byte.

    Raises:
        MigrationError: it is not; the message names the revision or the functions.
        DatabaseUnavailable: it could not be asked.
    """
    with connect(url) as connection:
        heads = read_heads(connection)
        if set(heads) != set(target):
            raise MigrationError(
                f"not verified: the steps ran, but {VERSION_SCHEMA}.{VERSION_TABLE} holds"
                f" {_name(heads)} instead of {_name(target)}: the run did not commit"
            )
        rows = connection.execute(
            _INSTALLED, {"schema": VERSION_SCHEMA, "names": sorted(functions)}
        ).all()
    found: dict[str, Counter[str | None]] = {name: Counter() for name in functions}
    for name, source, atomic in rows:
        found[name][None if atomic else source] += 1
    wrong = [
        f"{name} ({'missing' if not found[name] else 'differs from ' + file.label})"
        for name, file in sorted(functions.items())
        if found[name] != Counter(frozen.bodies(file))
    ]
    if wrong:
        raise MigrationError(
            f"not verified at {_name(target)}: {len(wrong)} of {len(functions)} functions are not"
            f" the ones of this release: {', '.join(wrong)}"
        )


def _name(heads: Sequence[str]) -> str:
    return ", ".join(heads) or "base"
