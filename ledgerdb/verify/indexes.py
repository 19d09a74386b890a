"""INV-118: the hot-path indexes exist, can be used, and are what their names say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import URL

from ledgerdb.verify.evidence import Evidence
from ledgerdb.verify.indexes_expected import FILLFACTORS, INDEXES, SCHEMA, HotIndex
from ledgerdb.verify.witness import Session, Witnessed, conclude, reading

__all__ = ["ARTEFACT", "CHECK_ID", "verify_indexes", "witness"]

CHECK_ID: Final = "ingress_hotpath_indexes"
ARTEFACT: Final = "phase1/ingress_hotpath_indexes.json"

# An index is always in the schema of its table. Names are compared, never resolved: a session's
# search_path, or a look-alike in another schema, must not decide what is judged.
_INDEXES: Final = """
    select
        i.relname as name, n.nspname as schema, t.relname as "table", t.relkind as table_kind,
        i.relkind as kind, m.amname as method, x.indisvalid as valid, x.indisready as ready,
        x.indislive as live, x.indisunique as "unique", x.indisprimary as "primary",
        x.indimmediate as immediate, x.indnullsnotdistinct as nulls_not_distinct,
        x.indisexclusion as excludes, x.indexprs is not null as expressions,
        x.indnatts - x.indnkeyatts as included,
        pg_get_expr(x.indpred, x.indrelid) as predicate,
        (
            select json_agg(
                json_build_object(
                    'name', a.attname,
                    'options', x.indoption[k - 1],
                    'default_class',
                    c.opcdefault and c.opcnamespace = 'pg_catalog'::regnamespace,
                    'default_collation', x.indcollation[k - 1] = a.attcollation
                ) order by k
            )
            from generate_series(1, x.indnkeyatts) as k
            left join pg_attribute as a
                on a.attrelid = x.indrelid and a.attnum = x.indkey[k - 1] and a.attnum > 0
            inner join pg_opclass as c on c.oid = x.indclass[k - 1]
        ) as columns
    from pg_index as x
    inner join pg_class as i on i.oid = x.indexrelid
    inner join pg_class as t on t.oid = x.indrelid
    inner join pg_namespace as n on n.oid = i.relnamespace
    inner join pg_am as m on m.oid = i.relam
    where i.relname = any(%(names)s) or (n.nspname = %(schema)s and t.relname = any(%(tables)s))
    order by n.nspname, i.relname
"""
_TABLES: Final = """
    select t.relname as name, t.relkind as kind,
        (select o.option_value::int from pg_options_to_table(t.reloptions) as o
            where o.option_name = 'fillfactor') as fillfactor
    from pg_class as t inner join pg_namespace as n on n.oid = t.relnamespace
    where n.nspname = %(schema)s and t.relname = any(%(tables)s)
"""
_DESCENDING: Final = 1
_NULLS_FIRST: Final = 2


def verify_indexes(url: str | URL | None = None) -> Evidence:
    """Compares the hot-path indexes of a database with what they must be; writes nothing.

    Any login that may connect will do: the catalog is everybody's to read.

    Args:
        url: the database; None takes LEDGERDB_URL, else DATABASE_URL.

    Raises:
        ConfigurationError: no database, or no commit to name in the evidence.
        DatabaseUnavailable: the database cannot be reached, or was lost.
        DatabaseError: the witness was refused.
    """
    return conclude(CHECK_ID, url, witness)


def witness(session: Session) -> Witnessed:
    """What is wrong with which index of this database."""
    tables = sorted({index.table for index in INDEXES.values()} | FILLFACTORS.keys())
    there = reading(session, _INDEXES, {"schema": SCHEMA, "tables": tables, "names": list(INDEXES)})
    kept = {
        row["name"]: row for row in reading(session, _TABLES, {"schema": SCHEMA, "tables": tables})
    }
    findings = [
        f"{name}: {wrong}"
        for name, index in INDEXES.items()
        for wrong in _wrong(name, index, there)
    ]
    for table, percent in FILLFACTORS.items():
        found = kept.get(table)
        if found is None or found["fillfactor"] != percent:
            said = "no such table" if found is None else f"fillfactor {found['fillfactor'] or 100}"
            findings.append(f"{table}: {said}, not fillfactor {percent}")
    return Witnessed(
        findings,
        {
            "indexes": {
                name: {
                    "table": f"{SCHEMA}.{index.table}",
                    "method": "btree",
                    "columns": list(index.columns),
                    "unique": index.unique,
                    "predicate": index.predicate,
                    "serves": index.serves,
                    "holds": not any(finding.startswith(f"{name}:") for finding in findings),
                }
                for name, index in INDEXES.items()
            },
            "fillfactors": {f"{SCHEMA}.{table}": value for table, value in FILLFACTORS.items()},
        },
    )


def _wrong(name: str, index: HotIndex, there: list[dict[str, Any]]) -> Iterator[str]:
    named = [row for row in there if row["name"] == name]
    found = next(
        (row for row in named if (row["schema"], row["table"]) == (SCHEMA, index.table)), None
    )
    if found is None:
        yield (
            "missing"
            + "".join(f"; one of its name is on {row['schema']}.{row['table']}" for row in named)
            + "".join(
                f"; {row['schema']}.{row['name']} is like it, under another name"
                for row in there
                if (row["schema"], row["table"]) == (SCHEMA, index.table)
                and row["name"] not in INDEXES
                and not [*_differences(index, row)]
            )
        )
        return
    yield from _differences(index, found)


def _differences(index: HotIndex, found: dict[str, Any]) -> Iterator[str]:
    columns = tuple(column["name"] or "an expression" for column in found["columns"])
    wrong = {
        "not an index of a plain table": (found["table_kind"], found["kind"]) != ("r", "i"),
        "not live: it is being dropped": not found["live"],
        "not ready: rows are written past it (was its build interrupted?)": not found["ready"],
        "not valid: no query uses it (was its build interrupted?); reindex it": not found["valid"],
        f"method {found['method']}, not btree": found["method"] != "btree",
        "not unique": index.unique and not found["unique"],
        "unique, which it must not be": found["unique"] and not index.unique,
        "checked at commit only: deferrable": not found["immediate"],
        "takes two nulls for equal": found["nulls_not_distinct"],
        "of an exclusion constraint": found["excludes"],
        "over an expression": found["expressions"],
        "further columns are included": found["included"],
        f"columns ({', '.join(columns)}), not ({', '.join(index.columns)})": columns
        != index.columns,
        f"covers {_where(found['predicate'])}, not {_where(index.predicate)}": found["predicate"]
        != index.predicate,
    }
    yield from (sentence for sentence, is_so in wrong.items() if is_so)
    for column in found["columns"]:
        if column["name"] is not None:
            yield from (f"{column['name']}: {odd}" for odd in _odd(column))


def _odd(column: dict[str, Any]) -> Iterator[str]:
    if column["options"] & _DESCENDING:
        yield "descending"
    elif column["options"] & _NULLS_FIRST:
        yield "nulls first"
    if not column["default_class"]:
        yield "not in the default operator class of its type"
    if not column["default_collation"]:
        yield "not in the collation of its column"


def _where(predicate: str | None) -> str:
    return "every row" if predicate is None else f"rows where {predicate}"
