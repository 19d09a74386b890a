"""Differences that a DBA has chosen: a small reviewed file, each with its reason.

    [[accept]]
    object = "index payment_outbox_attempts.idx_rail_reference"
    found = "CREATE INDEX idx_rail_reference ON public.payment_outbox_attempts ..."
    reason = "reconciliation reads by rail reference (DBA-1234)"

`found` is what `ledgerdb drift` says after "found" (`found_text` with --json): an object that
changes again is no longer the one that was accepted.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledgerdb.catalog.compare import Difference
from ledgerdb.errors import ConfigurationError

__all__ = ["Acceptance", "read_acceptances", "split"]

_FIELDS: Final = {"object", "found", "reason"}


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One difference that is meant: the object, how it was found, and why."""

    object: str
    found: str
    reason: str

    def covers(self, difference: Difference) -> bool:
        return (self.object, self.found) == (" ".join(difference.key), difference.shown[1])


def read_acceptances(path: Path) -> tuple[Acceptance, ...]:
    """The acceptances of a file.

    Raises:
        ConfigurationError: it cannot be read, or an entry lacks its object, state or reason.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    entries = content.get("accept", [])
    if content.keys() - {"accept"} or not isinstance(entries, list):
        raise ConfigurationError(f"{path}: only [[accept]] entries stand in it")
    return tuple(_acceptance(path, place, entry) for place, entry in enumerate(entries, start=1))


def _acceptance(path: Path, place: int, entry: object) -> Acceptance:
    if (
        not isinstance(entry, dict)
        or entry.keys() != _FIELDS
        or not all(isinstance(value, str) and value.strip() for value in entry.values())
    ):
        raise ConfigurationError(
            f"{path}: entry {place} must have exactly the texts object, found and reason"
        )
    return Acceptance(**entry)


def split(
    differences: Sequence[Difference], acceptances: Sequence[Acceptance]
) -> tuple[list[Difference], list[tuple[Difference, Acceptance]], list[Acceptance]]:
    """Differences that nobody accepted, accepted ones, and acceptances of what is no more."""
    drifted: list[Difference] = []
    accepted: list[tuple[Difference, Acceptance]] = []
    for difference in differences:
        found = next((one for one in acceptances if one.covers(difference)), None)
        if found is None:
            drifted.append(difference)
        else:
            accepted.append((difference, found))
    used = {one for _, one in accepted}
    return drifted, accepted, [one for one in acceptances if one not in used]
