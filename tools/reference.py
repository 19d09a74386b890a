"""`make reference`: writes docs/reference.md, every object of the database on one page for DBAs.

A throw-away PostgreSQL 18 is migrated to head and read; locks and SQLSTATEs of the functions come
from the heads of their files. `--check` fails when the page is not what these say.
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from psycopg.rows import dict_row

from tools.head import database_at_head
from tools.headers import header_of, sqlstates

__all__ = ["main", "page"]

ROOT = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "reference.md"
FUNCTIONS: Final = ROOT / "sqlfunctions"
_LINE_CHARS_MAX: Final = 80
_PREFIX: Final = "symphony_"
_KINDS: Final = {"r": "tables", "v": "views", "S": "sequences"}

_RELATIONS: Final[LiteralString] = """
    select c.oid, c.relkind::text as kind, c.relname as name,
        obj_description(c.oid, 'pg_class') as comment,
        coalesce(c.reloptions, '{}') as options,
        array(
            select distinct lower(x.privilege_type) || ' ' || x.grantee::regrole::text
            from aclexplode(c.relacl) as x where x.grantee <> 0 and x.grantee <> c.relowner
            union
            select distinct lower(x.privilege_type) || '* ' || x.grantee::regrole::text
            from pg_attribute as a cross join lateral aclexplode(a.attacl) as x
            where a.attrelid = c.oid and x.grantee <> c.relowner
            order by 1
        ) as grants
    from pg_class as c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'S')
    order by c.relname
"""
_COLUMNS: Final[LiteralString] = """
    select a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
        a.attnotnull as required, a.attgenerated::text as generated,
        pg_get_expr(d.adbin, d.adrelid) as value, col_description(a.attrelid, a.attnum) as comment
    from pg_attribute as a
    left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = %s and a.attnum > 0 and not a.attisdropped
    order by a.attnum
"""
# An index that a constraint made is listed as the constraint.
_PARTS: Final[LiteralString] = """
    select 'Constraints' as part, k.conname as name, pg_get_constraintdef(k.oid) as definition
    from pg_constraint as k where k.conrelid = %(oid)s and k.contype <> 'n'
    union all
    select 'Indexes', i.relname, pg_get_indexdef(i.oid)
    from pg_index as x join pg_class as i on i.oid = x.indexrelid
    where x.indrelid = %(oid)s
        and not exists (select from pg_constraint as k where k.conindid = i.oid
            and k.conrelid = %(oid)s)
    union all
    select 'Triggers', t.tgname, pg_get_triggerdef(t.oid)
        || case t.tgenabled when 'A' then ' (always)' when 'D' then ' (disabled)' else '' end
    from pg_trigger as t where t.tgrelid = %(oid)s and not t.tgisinternal
    order by 1, 2
"""
_ENUMS: Final[LiteralString] = """
    select t.typname as name, obj_description(t.oid, 'pg_type') as comment,
        array_agg(e.enumlabel order by e.enumsortorder) as labels
    from pg_type as t join pg_enum as e on e.enumtypid = t.oid
    where t.typnamespace = 'public'::regnamespace group by t.oid, t.typname order by t.typname
"""
_FUNCTIONS: Final[LiteralString] = """
    select p.proname as name, pg_get_function_arguments(p.oid) as arguments,
        pg_get_function_result(p.oid) as result, obj_description(p.oid, 'pg_proc') as comment,
        p.prosecdef as definer,
        case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end
            as volatility,
        array(
            select x.grantee::regrole::text from aclexplode(p.proacl) as x
            where x.grantee <> 0 and x.grantee <> p.proowner order by 1
        ) as roles
    from pg_proc as p where p.pronamespace = 'public'::regnamespace
    order by ltrim(p.proname, '_'), p.oid
"""

Row = Mapping[str, Any]


def page(connection: psycopg.Connection[Any], revision: str) -> str:
    """The whole page, of a database at a revision."""
    return "\n".join(_page(connection, revision)) + "\n"


def _page(connection: psycopg.Connection[Any], revision: str) -> Iterator[str]:
    connection.execute("set search_path = pg_catalog")
    with connection.cursor(row_factory=dict_row) as cursor:
        relations: list[Row] = list(cursor.execute(_RELATIONS))
        enums: list[Row] = list(cursor.execute(_ENUMS))
        functions: list[Row] = list(cursor.execute(_FUNCTIONS))
        by_kind = {name: [r for r in relations if r["kind"] == k] for k, name in _KINDS.items()}
        yield from _head(revision)
        for title, rows in (*by_kind.items(), ("enums", enums), ("functions", functions)):
            yield from _index(title, rows)
        yield from ("", "## Tables")
        for relation in by_kind["tables"]:
            yield from _relation(cursor, relation)
        yield from ("", "## Views")
        for relation in by_kind["views"]:
            yield from _relation(cursor, relation)
    yield from ("", "## Sequences", "", "| sequence | what it is | privileges |", "|---|---|---|")
    for row in by_kind["sequences"]:
        yield _cells(f"`{row['name']}`", row["comment"], _grants(row["grants"]))
    yield from ("", "## Enums", "", "| type | values | what it is |", "|---|---|---|")
    for row in enums:
        yield _cells(f"`{row['name']}`", ", ".join(row["labels"]), row["comment"])
    yield from ("", "## Functions")
    for row in functions:
        yield from _function(row)
    yield from ("", "## SQLSTATEs", "", "| code | Python | meaning |", "|---|---|---|")
    for code in sqlstates((FUNCTIONS / "README.md").read_text("utf-8")):
        yield _cells(*code)


def _head(revision: str) -> Iterator[str]:
    yield "# The database, object by object"
    yield ""
    yield (
        f"For DBAs: every object of ledgerdb at revision {revision}, in schema `public`. Written by"
        " `make reference` from the catalog and from the"
    )
    yield (
        "heads of [sqlfunctions/](../sqlfunctions/README.md), never by hand. `symphony_owner` owns"
        " all of it; roles are named without `symphony_`, and a"
    )
    yield (
        "`*` means some columns only. Who may do what, role by object:"
        " [privileges.md](privileges.md)."
    )


def _index(title: str, rows: Sequence[Row]) -> Iterator[str]:
    names = dict.fromkeys(row["name"] for row in rows)
    grouped = title in {"sequences", "enums"}
    links = [f"[{name}](#{title if grouped else name})" for name in names]
    yield ""
    yield f"**{title.capitalize()}** ({len(rows)}): {', '.join(links)}"


def _relation(cursor: psycopg.Cursor[Any], relation: Row) -> Iterator[str]:
    yield from ("", f"### {relation['name']}", "", _text(relation["comment"]))
    facts = [f"`{option}`" for option in relation["options"]]
    facts += [f"Privileges: {grants}."] if (grants := _grants(relation["grants"])) else []
    if facts:
        yield from ("", " ".join(facts))
    yield from ("", "| column | type | | what it is |", "|---|---|---|---|")
    for column in cursor.execute(_COLUMNS, [relation["oid"]]).fetchall():
        yield _cells(f"`{column['name']}`", column["type"], _rules(column), column["comment"])
    part = ""
    for row in cursor.execute(_PARTS, {"oid": relation["oid"]}).fetchall():
        if row["part"] != part:
            part = row["part"]
            yield from ("", f"{part}:", "")
        yield f"- `{row['name']}`: `{_definition(row['definition'])}`"


def _definition(text: str) -> str:
    short = re.sub(r"^CREATE (UNIQUE )?(?:INDEX|TRIGGER) \S+ ", r"\1", _text(text))
    return re.sub(r"^(UNIQUE )?ON \S+ ", r"\1", short).replace(" ON public.", " on ", 1)


def _rules(column: Row) -> str:
    rules = ["not null"] if column["required"] else []
    if column["generated"]:
        rules.append(f"generated: `{column['value'].strip()}`")
    elif column["value"]:
        rules.append(f"default `{column['value'].strip()}`")
    return ", ".join(rules)


def _function(row: Row) -> Iterator[str]:
    header = header_of((FUNCTIONS / f"{row['name']}.sql").read_text("utf-8"))
    arguments = row["arguments"].replace("public.", "")
    result = row["result"].replace("public.", "")
    roles = ", ".join(_short(role) for role in row["roles"])
    rights = "as its owner" if row["definer"] else "with the caller's rights"
    yield from ("", f"### {row['name']}", "", _text(row["comment"]), "")
    yield "```sql"
    yield f"{row['name']}({_listed(arguments)})"
    yield f"returns {_listed(result)}"
    yield from ("```", "")
    yield f"- Execute: {roles or 'other functions and triggers of ledgerdb only'}; runs {rights}."
    yield f"- Locks: {header.locks}"
    yield f"- Raises: {_linked(header.raises)}"
    yield f"- {row['volatility'].capitalize()}. {_text(header.why)}"


def _listed(parts: str) -> str:
    """One a line where they are long; no type has a comma and a blank in it."""
    if len(parts) <= _LINE_CHARS_MAX:
        return parts
    table = parts.startswith("TABLE(")
    inner = parts[len("TABLE(") : -1] if table else parts
    lines = "\n    " + inner.replace(", ", ",\n    ") + "\n"
    return f"TABLE({lines})" if table else lines


def _linked(raises: str) -> str:
    return re.sub(r"\b(P[0-9A-Z]{4}|\d{2}[0-9P]\d{2})\b", r"[\1](#sqlstates)", raises)


def _grants(grants: Sequence[str]) -> str:
    held: dict[str, list[str]] = {}
    for grant in grants:
        privilege, _, role = grant.partition(" ")
        held.setdefault(privilege, []).append(_short(role))
    return "; ".join(f"{privilege} {', '.join(roles)}" for privilege, roles in held.items())


def _short(role: str) -> str:
    return role.removeprefix(_PREFIX)


def _text(comment: str | None) -> str:
    text = " ".join((comment or "").split())
    return text[:1].upper() + text[1:]


def _cells(*cells: str | None) -> str:
    return f"| {' | '.join(' '.join((cell or '').split()) for cell in cells)} |"


def main(arguments: Sequence[str] | None = None, *, path: Path = PAGE) -> int:
    """Exit code: 0 written or equal, 1 the page differs."""
    parser = argparse.ArgumentParser(prog="python -m tools.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it differs")
    options = parser.parse_args(arguments)
    with (
        database_at_head() as (server, name, revision),
        psycopg.connect(server.url(name), autocommit=True) as connection,
    ):
        text = page(connection, revision)
    if not options.check:
        path.write_text(text, "utf-8", newline="\n")
        print(f"wrote {path.name}")
        return 0
    written = path.read_text("utf-8") if path.exists() else ""
    difference = difflib.unified_diff(
        written.splitlines(keepends=True),
        text.splitlines(keepends=True),
        f"docs/{path.name}",
        "what the catalog says",
    )
    sys.stdout.writelines(difference)
    return 0 if written == text else 1


if __name__ == "__main__":
    sys.exit(main())
