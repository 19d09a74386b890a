"""Forgeries of packs, and which of them are found offline, by what is given beside the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from ledgerdb.verify.packs import commands
from ledgerdb.verify.packs.forger import Skill, bare, canonical, forgeries

__all__ = ["UNSHOWN", "missed", "sweep"]

_BARE: Final = "the pack alone"
_PROOF: Final = "with --proof"
_KEPT: Final = "with --proof, --seals and --payload"
# What no seal covers: with everything given, these and no others may go unnoticed.
UNSHOWN: Final = frozenset[str]()
_SWEEPS: Final = (
    (Skill.CARELESS, _PROOF),
    (Skill.FORGER, _BARE),
    (Skill.FORGER, _PROOF),
    (Skill.FORGER, _KEPT),
    (Skill.INSIDER, _PROOF),
    (Skill.INSIDER, _KEPT),
)


def sweep(
    packs: Mapping[str, dict[str, Any]],
    folder: Path,
    beside: Sequence[str | Path],
    progress: Callable[[str], None],
    *,
    every: int = 1,
) -> list[dict[str, Any]]:
    """Forges each pack with each skill and has every forgery examined.

    Args:
        packs: with their proofs, by life.
        folder: for the files; they are removed.
        beside: the options of `evidence verify` that give a kept seal and the payload.
        progress: is told of each step.
        every: takes the first of every so many forgeries only.

    Returns:
        A row for each skill and what was given: how many were made, how many were found (a
        finding), which left less proven than the pack itself does, and which went unnoticed.

    Raises:
        LedgerError: a command broke.
    """
    table = []
    for skill, given in _SWEEPS:
        made, seen = 0, Counter[str]()
        unproven: set[str] = set()
        unnoticed: set[str] = set()
        for name, pack in packs.items():
            progress(f"{skill}, {given}: {name}")
            original = bare(pack) if given == _BARE else pack
            forged = list(islice(forgeries(original, skill), 0, None, every))
            documents = [canonical(original), *(forgery.data for forgery in forged)]
            options = beside if given == _KEPT else ()
            (genuine, *said) = _examined(documents, folder, options)
            made += len(forged)
            for forgery, answer in zip(forged, said, strict=True):
                where = f"{name}: {forgery.what}"
                if answer["status"] != "HOLDS":
                    seen["found"] += 1
                elif _shown(answer) < _shown(genuine):
                    unproven.add(where)
                else:
                    unnoticed.add(where)
        table.append(
            {
                "skill": str(skill),
                "given": given,
                "made": made,
                "found": seen["found"],
                "no longer proven": sorted(unproven),
                "unnoticed": sorted(unnoticed),
            }
        )
    return table


def _examined(
    documents: Sequence[bytes], folder: Path, options: Sequence[str | Path]
) -> list[dict[str, Any]]:
    files = [folder / f"forgery-{place}" for place in range(len(documents))]
    for file, document in zip(files, documents, strict=True):
        file.write_bytes(document)
    try:
        return commands.examine(files, *options)
    finally:
        for file in files:
            file.unlink()


def _shown(answer: Mapping[str, Any]) -> set[str]:
    return {f"{one['field']}: {one['text']}" for one in answer["proven"]}


def missed(table: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What should have been found."""
    for row in table:
        if row["skill"] == Skill.CARELESS or row["given"] == _KEPT:
            allowed = UNSHOWN if row["given"] == _KEPT else frozenset()
            for what in row["unnoticed"]:
                if what.partition(": ")[2] not in allowed:
                    yield f"{row['skill']} {row['given']}: {what} went unnoticed"
        if not row["made"]:
            yield f"{row['skill']} {row['given']}: nothing was forged"
