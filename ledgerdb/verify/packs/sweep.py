"""Forgeries of packs, and which of them are found offline, by what is given beside the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ledgerdb.verify.packs import commands
from ledgerdb.verify.packs.forger import Skill, bare, forgeries

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
) -> list[dict[str, Any]]:
    """Forges each pack with each skill and has every forgery examined.

    Args:
        packs: with their proofs, by life.
        folder: for the files; they are removed.
        beside: the options of `evidence verify` that give a kept seal and the payload.
        progress: is told of each step.

    Raises:
        LedgerError: a command broke.
    """
    table = []
    for skill, given in _SWEEPS:
        made = 0
        unnoticed: set[str] = set()
        for name, pack in packs.items():
            progress(f"{skill}, {given}: {name}")
            forged = list(forgeries(bare(pack) if given == _BARE else pack, skill))
            files = [folder / f"forgery-{place}" for place in range(len(forged))]
            for file, forgery in zip(files, forged, strict=True):
                file.write_bytes(forgery.data)
            said = commands.examine(files, *(beside if given == _KEPT else ()))
            made += len(forged)
            unnoticed |= {
                f"{name}: {forgery.what}"
                for forgery, answer in zip(forged, said, strict=True)
                if answer["status"] == "HOLDS"
            }
            for file in files:
                file.unlink()
        table.append(
            {
                "skill": str(skill),
                "given": given,
                "made": made,
                "unnoticed": sorted(unnoticed),
            }
        )
    return table


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
