"""What a revision takes away from the clients that are out: read from its catalog.

    python -m tools.expand

An expand revision only adds. What it drops or tightens is listed in migrations/phases.toml with a
reason, or fails here; so does a reason for what it does not do. A contract revision may take
away, see ledgerdb/migrate/contract.py. Clients do not call what begins with `_`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, NamedTuple

from ledgerdb.catalog import Catalog, Key
from ledgerdb.catalog.document import parse
from ledgerdb.catalog.expected import sum_of
from ledgerdb.migrate import phases

__all__ = ["Tightened", "findings", "main", "tightened"]

MIGRATIONS: Final = Path(__file__).resolve().parent.parent / "migrations"
_USED: Final = ("table", "view", "column", "sequence", "enum", "function", "role")
_REFUSING: Final = ("constraint", "reference", "policy")
_VOLATILITY: Final = ("volatile", "stable", "immutable")
_PRIVATE: Final = re.compile(r"(?:function )?_")
# of a revision's own tables, and of objects that nobody had before, everything is new
_RELATION: Final = re.compile(r"(\w+)\.")


class Tightened(NamedTuple):
    """One thing that a client could have used, and may not be able to any more."""

    key: Key
    what: str

    def __str__(self) -> str:
        return f"{self.key.kind} {self.key.name}: {self.what}"


def tightened(before: Catalog, after: Catalog) -> list[Tightened]:
    """What `after` denies to who used `before`."""
    tables = {key.name for key in before if key.kind in ("table", "view")}
    found = []
    for key in [*before, *(key for key in after if key not in before)]:
        old, new = before.get(key), after.get(key)
        if old != new and not _PRIVATE.match(key.name):
            found += [Tightened(key, what) for what in _reasons(key, old, new, tables)]
    return found


def _reasons(key: Key, old: Any, new: Any, tables: set[str]) -> Iterator[str]:  # noqa: ANN401
    relation = _RELATION.match(key.name)
    existed = relation is not None and relation[1] in tables
    if key.kind in _USED and new is None:
        yield "dropped"
    elif key.kind == "column":
        yield from _column(old, new, existed=existed)
    elif key.kind == "enum" and old is not None and set(old) - set(new):
        yield f"without {', '.join(sorted(set(old) - set(new)))}"
    elif key.kind == "function" and old is not None:
        yield from _function(old, new)
    elif key.kind in _REFUSING and new is not None and existed:
        if _rule(old) != _rule(new):
            yield "new rule for rows that clients write"
    elif key.kind == "index" and new is not None and existed and _rule(old) != _rule(new):
        if "UNIQUE" in new["definition"]:
            yield "new unique index"
    elif key.kind == "grant" and old is not None:
        lost = set(old["privileges"]) - set((new or {"privileges": ()})["privileges"])
        if lost:
            yield f"without {', '.join(sorted(lost))}"
    elif key.kind == "table" and old is not None and old["row_security"] != new["row_security"]:
        yield "row security"


def _column(old: Any, new: Any, *, existed: bool) -> Iterator[str]:  # noqa: ANN401
    if old is None:
        filled = new["nullable"] or any(key in new for key in ("default", "generated", "identity"))
        if existed and not filled:
            yield "new, not null and without a default"
        return
    if old["type"] != new["type"]:
        yield f"{new['type']} instead of {old['type']}"
    if old["nullable"] and not new["nullable"]:
        yield "not null"
    if "default" in old and "default" not in new and not new["nullable"]:
        yield "without a default"


def _function(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for part in ("arguments", "result"):
        if old[part] != new[part]:
            yield f"{part} ({new[part]}) instead of ({old[part]})"
    if old["security"] == "definer" != new["security"]:
        yield "no longer with the rights of its owner"
    if _pinned(old) and not _pinned(new):
        yield "search_path no longer pinned"
    if _VOLATILITY.index(new["volatility"]) > _VOLATILITY.index(old["volatility"]):
        yield f"{new['volatility']} instead of {old['volatility']}"
    if new.get("strict") and not old.get("strict"):
        yield "strict"


def _pinned(function: Mapping[str, Any]) -> bool:
    return any(setting.startswith("search_path=") for setting in function.get("settings") or ())


def _rule(value: Any) -> Any:  # noqa: ANN401 - any JSON
    return None if value is None else value["definition"].removesuffix(" NOT VALID")


def findings(migrations: Path = MIGRATIONS) -> list[str]:
    """Lines about every expand revision: what it takes away without a reason, and the reverse."""
    lines = []
    deltas: list[dict[Key, Any]] = []
    known = phases.released(migrations)
    for path in sorted((migrations / "catalog").glob("[0-9]*.json")):
        before = sum_of(deltas).catalog
        deltas.append(parse(path.read_text("utf-8")))
        (revision,) = (migrations / "versions").glob(f"{path.stem}_*.py")
        if phases.phase_of(revision).kind == "contract":
            continue
        accepted = known.get(path.stem, {})
        used = set()
        for finding in tightened(before, sum_of(deltas).catalog) if before else ():
            names = [
                name
                for name in accepted
                if fnmatchcase(f"{finding.key.kind} {finding.key.name}", name)
            ]
            used.update(names)
            if not names:
                lines.append(f"{path.stem}: {finding}: a contract revision, or a reason")
        lines += [
            f"{path.stem}: {name}: accepted, and not done" for name in accepted if name not in used
        ]
    return lines


def main(_: Sequence[str] | None = None) -> int:
    """Exit code: 0 expand revisions expand, 1 one takes something away."""
    lines = findings()
    print("\n".join(lines) or "expand revisions take nothing away but what has a reason")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
