"""What a revision changes in the functions, as a unified diff, and what a database has instead."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen, guard, history
from ledgerdb.migrate.config import VERSION_SCHEMA, alembic_config
from ledgerdb.migrate.connection import connect
from ledgerdb.url import database_url

__all__ = ["FunctionDiff", "diff", "diff_live", "functions_at", "revision_names"]

# A body in the form `begin atomic` is kept parsed, and its text is gone: what it should be like is
# for `ledgerdb drift` to say.
_LIVE = text("""
    select p.proname, coalesce(p.prosqlbody is not null, false) as atomic, p.prosrc
    from pg_catalog.pg_proc as p
    join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    where n.nspname = :schema and p.proname = any (cast(:names as text[]))
    order by p.proname, p.oid
""")
_ATOMIC = "-- begin atomic: PostgreSQL keeps the parsed body, not its text\n"


@dataclass(frozen=True, slots=True)
class FunctionDiff:
    """One function that differs: `lines` is the unified diff, each without its line end."""

    name: str
    lines: tuple[str, ...]

    @property
    def added(self) -> int:
        """How many lines are new."""
        return sum(line.startswith("+") for line in self.lines[2:])

    @property
    def removed(self) -> int:
        """How many lines are gone."""
        return sum(line.startswith("-") for line in self.lines[2:])


def revision_names() -> list[str]:
    """Every revision, from the first to head."""
    script = ScriptDirectory.from_config(alembic_config())
    return [item.revision for item in history.revisions(script, script.get_heads())]


def functions_at(revision: str) -> dict[str, frozen.SqlFile]:
    """Function name -> the file that installed it last, at a revision; none at `base`.

    Raises:
        MigrationError: there is no such revision.
    """
    if revision == "base":
        return {}
    known = revision_names()
    if revision not in known:
        raise MigrationError(f"there is no revision {revision}: known are {', '.join(known)}")
    script = ScriptDirectory.from_config(alembic_config())
    line = history.revisions(script, (revision,))
    return history.installed(history.load_all(line, Path(script.dir)))


def diff(before: str, after: str, names: Collection[str] = ()) -> list[FunctionDiff]:
    """What differs between two revisions, by name.

    Args:
        before: a revision, or `base`.
        after: a revision.
        names: only these functions; none means all.

    Raises:
        MigrationError: a revision or a function is unknown.
    """
    old, new = functions_at(before), functions_at(after)
    chosen = _chosen(old.keys() | new.keys(), names)
    return list(
        _diffs(
            {name: (old[name].label, old[name].text) for name in chosen & old.keys()},
            {name: (new[name].label, new[name].text) for name in chosen & new.keys()},
        )
    )


def diff_live(url: str | URL | None = None, names: Collection[str] = ()) -> list[FunctionDiff]:
    """How the bodies in a database differ from those of the revision that it is at; reads only.

    Raises:
        ConfigurationError: the URL is missing or wrong.
        DatabaseUnavailable: the database cannot be reached.
        MigrationError: the database is at no known revision, or a function is unknown.
    """
    with connect(url if isinstance(url, URL) else database_url(url)) as connection:
        heads = guard.read_heads(connection)
        guard.require_known(heads, revision_names())
        if not heads:
            raise MigrationError("the database has no functions of ledgerdb: it is at base")
        expected = functions_at(heads[0])
        chosen = _chosen(expected.keys(), names)
        found = _live_bodies(connection, chosen)
    return list(
        _diffs(
            {name: (expected[name].label, _bodies(expected[name])) for name in chosen},
            {name: ("database", body) for name, body in found.items()},
        )
    )


def _chosen(known: Collection[str], names: Collection[str]) -> set[str]:
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise MigrationError(f"there is no function {', '.join(unknown)} at these revisions")
    return set(names) or set(known)


def _live_bodies(connection: Connection, names: Collection[str]) -> dict[str, str]:
    rows = connection.execute(_LIVE, {"schema": VERSION_SCHEMA, "names": sorted(names)})
    bodies: dict[str, str] = {}
    for name, atomic, source in rows:
        bodies[name] = bodies.get(name, "") + (_ATOMIC if atomic else source)
    return bodies


def _bodies(file: frozen.SqlFile) -> str:
    return "".join(_ATOMIC if body is None else body for body in frozen.bodies(file))


def _diffs(
    old: Mapping[str, tuple[str, str]], new: Mapping[str, tuple[str, str]]
) -> Iterator[FunctionDiff]:
    nothing = ("/dev/null", "")
    for name in sorted(old.keys() | new.keys()):
        old_label, old_text = old.get(name, nothing)
        new_label, new_text = new.get(name, nothing)
        lines = difflib.unified_diff(
            old_text.splitlines(), new_text.splitlines(), old_label, new_label, lineterm=""
        )
        if found := tuple(lines):
            yield FunctionDiff(name, found)
