"""Expand or contract: what a revision says of itself, read from its source without running it.

    phase = "contract"
    since = "0.2.0"    # the oldest client that does without what the revision takes away

A revision that says nothing expands. Those that were released before there were phases, and what an
expand revision takes away for a reason, are in migrations/phases.toml.
"""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen

__all__ = ["Phase", "phase_of", "released"]

FILE: Final = "phases.toml"
_VERSION: Final = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Phase:
    """What a revision is; `since` is there if and only if it contracts."""

    kind: Literal["expand", "contract"]
    since: str | None = None


def phase_of(revision_file: Path) -> Phase:
    """The phase of a revision script.

    Raises:
        MigrationError: it is neither, or `since` is missing, no version, or too much.
    """
    said: dict[str, object] = {}
    for node in ast.parse(frozen.read(revision_file).text, revision_file.name).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="phase" | "since" as name)], value=value):
                said[name] = value.value if isinstance(value, ast.Constant) else None
            case _:
                continue
    kind, since = said.get("phase", "expand"), said.get("since")
    if kind == "expand" and "since" not in said:
        return Phase("expand")
    if kind == "contract" and isinstance(since, str) and _VERSION.fullmatch(since):
        return Phase("contract", since)
    raise MigrationError(
        f'{revision_file.name}: write phase = "expand", or phase = "contract" and'
        ' since = "0.2.0", the oldest client that it leaves at work'
    )


def released(migrations: Path) -> dict[str, dict[str, str]]:
    """Revision -> what it takes away as `kind name`, with `*` for many -> why that is right."""
    path = migrations / FILE
    if not path.exists():
        return {}
    return {
        revision: {entry["what"]: entry["reason"] for entry in table["accepted"]}
        for revision, table in tomllib.loads(path.read_text("utf-8")).items()
    }
