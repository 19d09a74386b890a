"""Written waivers: why a statement may work for long while writers wait.

`migrations/waivers.toml` holds them. A waiver names revision, file, the beginning of the statement
and the hazards, and has a reason in words; one that matches nothing any more is stale.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledgerdb.errors import MigrationError
from ledgerdb.planning.hazards import MEANING, Hazard, blocking, needs_waiver
from ledgerdb.planning.trace import TracedBatch, TracedStatement

__all__ = ["Waiver", "read_waivers", "waiver_for", "without_waiver"]

_FILE: Final = "waivers.toml"
_REASON_CHARS_MIN: Final = 40
_KEYS: Final = {"revision", "file", "statement", "hazards", "reason"}


@dataclass(frozen=True, slots=True)
class Waiver:
    """Why the statement of `file` that begins with `statement` may have these hazards."""

    revision: str
    file: str
    statement: str
    hazards: tuple[str, ...]
    reason: str

    def covers(self, revision: str, traced: TracedStatement, hazard: Hazard) -> bool:
        """Whether it is about this hazard of this statement."""
        begins = traced.statement.flat.startswith(self.statement)
        same = (self.revision, self.file) == (revision, traced.statement.file)
        return same and begins and hazard.name in self.hazards


def read_waivers(migrations: Path) -> tuple[Waiver, ...]:
    """The waivers of a folder of migrations; none where there is no file.

    Raises:
        MigrationError: one is incomplete, or its reason is too short to be one.
    """
    path = migrations / _FILE
    if not path.is_file():
        return ()
    try:
        entries = tomllib.loads(path.read_text("utf-8")).get("waiver", [])
    except tomllib.TOMLDecodeError as error:
        raise MigrationError(f"{_FILE}: {error}") from error
    return tuple(_waiver(entry, number) for number, entry in enumerate(entries, 1))


def waiver_for(
    waivers: Iterable[Waiver], revision: str, traced: TracedStatement, hazard: Hazard
) -> Waiver | None:
    """The waiver of a hazard, if there is one."""
    return next((w for w in waivers if w.covers(revision, traced, hazard)), None)


def without_waiver(
    waivers: Sequence[Waiver], traced: Sequence[tuple[str, Sequence[TracedBatch]]]
) -> list[str]:
    """One line for each hazard that needs a waiver and has none, and for each stale waiver.

    Args:
        waivers: all of them.
        traced: the whole line: revision and what it does.
    """
    used: set[tuple[Waiver, str]] = set()
    lines = []
    for revision, batches in traced:
        for item in (statement for batch in batches for statement in batch.statements):
            for hazard in item.hazards:
                if not needs_waiver(hazard, item.effect):
                    continue
                waiver = waiver_for(waivers, revision, item, hazard)
                if waiver is None:
                    lines.append(_missing(revision, item, hazard))
                else:
                    used.add((waiver, hazard.name))
    lines += [
        f'{_FILE}: the waiver of {name} for {w.file} "{w.statement}" is stale: nothing needs it'
        for w in waivers
        for name in w.hazards
        if (w, name) not in used
    ]
    return lines


def _missing(revision: str, traced: TracedStatement, hazard: Hazard) -> str:
    statement = traced.statement
    return (
        f"{statement.file}:{statement.line}: revision {revision}: {hazard.name} of"
        f" {', '.join(hazard.tables)} while writers of {', '.join(blocking(traced.effect))} wait:"
        f" do it online, or say why not in {_FILE} ({statement.headline})"
    )


def _waiver(entry: dict[str, object], number: int) -> Waiver:
    texts = {key: entry.get(key) for key in _KEYS - {"hazards"}}
    hazards = entry.get("hazards")
    if set(entry) != _KEYS or not all(isinstance(text, str) and text for text in texts.values()):
        raise MigrationError(f"{_FILE}: waiver {number} must have {', '.join(sorted(_KEYS))}")
    if not isinstance(hazards, list) or not hazards or not set(hazards) <= MEANING.keys():
        raise MigrationError(f"{_FILE}: waiver {number}: hazards must be names of hazards")
    words = {key: " ".join(str(text).split()) for key, text in texts.items()}
    waiver = Waiver(hazards=tuple(hazards), **words)
    if len(waiver.reason) < _REASON_CHARS_MIN:
        raise MigrationError(f"{_FILE}: waiver {number}: a reason is a sentence")
    return waiver
