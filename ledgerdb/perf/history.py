"""The history: what runs measured, one line each, appended when somebody asks for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledgerdb.errors import ConfigurationError
from ledgerdb.perf.checksum import checksum
from ledgerdb.perf.runner import Run

__all__ = ["Entry", "append", "entry_of", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One run.

    Attributes:
        made_at: RFC 3339, UTC.
        git_sha: of the code that ran.
        profile_checksum: of the profile that was run.
        clock: that its ratios are by.
        figures: verb -> name of a figure -> value; see `Figures`.
        machine: on which it ran, with the version of the server.
    """

    made_at: str
    git_sha: str
    profile_checksum: str
    clock: str
    figures: Mapping[str, Mapping[str, float]]
    machine: Mapping[str, Any]

    @property
    def document(self) -> dict[str, Any]:
        """As a line of the file has it."""
        content = asdict(self)
        return content | {"checksum": checksum(content)}

    @property
    def checksum(self) -> str:
        """By which a baseline names it: 64 hex digits."""
        return str(self.document["checksum"])

    @property
    def ratios(self) -> dict[str, float]:
        """Verb -> what is compared: p95 over the p95 of the yardstick."""
        return {verb: figures["ratio_p95"] for verb, figures in self.figures.items()}


def entry_of(run: Run, *, made_at: str, git_sha: str) -> Entry:
    """A run as the history keeps it."""
    return Entry(
        made_at=made_at,
        git_sha=git_sha,
        profile_checksum=run.profile.checksum,
        clock=run.clock,
        figures={verb: asdict(figures) for verb, figures in run.figures.items()},
        machine={**run.machine, "postgresql": run.postgresql},
    )


def append(path: Path, entry: Entry) -> None:
    """Adds a line.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(entry.document, sort_keys=True) + "\n")


def read(path: Path) -> list[Entry]:
    """The runs, the oldest first; none where there is no file.

    Raises:
        ConfigurationError: a line is none, or was edited.
        OSError: it cannot be read.
    """
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            content = json.loads(line)
            named = content.pop("checksum")
            entry = Entry(**content)
            is_whole = entry.checksum == named and min(entry.ratios.values()) > 0
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ConfigurationError(f"{path.name}, line {number}: is no run: {error}") from None
        if not is_whole:
            raise ConfigurationError(f"{path.name}, line {number}: was edited")
        found.append(entry)
    return found
