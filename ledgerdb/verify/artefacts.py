"""`ledgerdb verify evidence`: is every artefact in a folder valid, untouched, and of today?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from ledgerdb.errors import ConfigurationError
from ledgerdb.verify.evidence import Evidence, InvalidEvidence, read
from ledgerdb.verify.freshness import staleness
from ledgerdb.verify.registry import CONTRACT

__all__ = ["Artefact", "Soundness", "artefacts", "existing", "look_at"]

# Schemas describe, approvals are signed by people (`ledgerdb verify conformance`), a baseline is
# what runs are compared with (`ledgerdb bench standing` judges it): no evidence.
_SCHEMAS: Final = "*.schema.json"
_NO_EVIDENCE: Final = frozenset({"approvals", "perf"})


class Soundness(StrEnum):
    """What a file is worth."""

    SOUND = "SOUND"
    ABSENT = "ABSENT"
    INVALID = "INVALID"
    STALE = "STALE"


@dataclass(frozen=True, slots=True)
class Artefact:
    """One file.

    Attributes:
        path: below the folder of the evidence, with slashes.
        soundness: whether what it says counts.
        why: what is wrong with it; empty where it is sound.
        sha256: of its bytes; None where there is no file.
        evidence: what it says; None where that cannot be read.
    """

    path: str
    soundness: Soundness
    why: tuple[str, ...] = ()
    sha256: str | None = None
    evidence: Evidence | None = None


def existing(folder: Path) -> Path:
    """The folder: what is named by mistake is not made.

    Raises:
        ConfigurationError: there is no such folder.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"no folder {folder}")
    return folder


def artefacts(folder: Path) -> list[Artefact]:
    """Every file of evidence in a folder, in the order of their paths.

    Raises:
        ConfigurationError: there is no such folder, or a commit cannot be looked for.
        OSError: a file cannot be read.
    """
    found = {path: look_at(folder, path) for path in sorted(_files(existing(folder)))}
    for path, why in _moved_on(found):
        artefact = found[path]
        if artefact.soundness in {Soundness.SOUND, Soundness.STALE}:
            found[path] = replace(artefact, soundness=Soundness.STALE, why=(*artefact.why, why))
    return list(found.values())


def look_at(folder: Path, path: str) -> Artefact:
    """One file, by its path below the folder.

    Raises:
        ConfigurationError: its commit cannot be looked for.
        OSError: it cannot be read.
    """
    file = folder / path
    if not file.is_file():
        return Artefact(path, Soundness.ABSENT, ("there is no such file",))
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    try:
        evidence = read(file)
    except InvalidEvidence as error:
        return Artefact(path, Soundness.INVALID, (str(error),), sha256)
    if evidence.check_id != file.stem:
        said = f"is evidence of {evidence.check_id}, under the name of {file.stem}"
        return Artefact(path, Soundness.INVALID, (said,), sha256, evidence)
    why = tuple(staleness(evidence))
    return Artefact(path, Soundness.STALE if why else Soundness.SOUND, why, sha256, evidence)


def _moved_on(found: Mapping[str, Artefact]) -> Iterator[tuple[str, str]]:
    """Artefacts that judge others by their hashes, where those have others now."""
    status, closeout = (found.get(path) for path in CONTRACT)
    if status is not None and status.evidence is not None:
        for row in status.evidence.details.get("rows", ()):
            judged = found.get(row["evidence"])
            if judged is not None and judged.sha256 != row["sha256"]:
                yield status.path, f"stale: {judged.path} is not the file that {row['id']} had"
    if closeout is not None and closeout.evidence is not None:
        named = closeout.evidence.details.get("contract_status", {}).get("sha256")
        if status is None or status.sha256 != named:
            yield closeout.path, f"stale: it is about another {CONTRACT[0]}"


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*.json"):
        below = path.relative_to(folder)
        if below.parts[0] not in _NO_EVIDENCE and not path.match(_SCHEMAS):
            yield below.as_posix()
