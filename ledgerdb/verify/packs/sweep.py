"""Forgeries of packs, and which of them are found offline, by what is given beside the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from ledgerdb.verify.packs import commands
from ledgerdb.verify.packs.forger import Forgery, Skill, bare, canonical, forgeries

__all__ = ["UNSEALED", "UNSEALED_RETIRED", "missed", "sweep"]

_BARE: Final = "the pack alone"
_PROOF: Final = "with --proof"
_KEPT: Final = "with --proof, --seals and --payload"
_NOT_YET_SEALED: Final = "unsealed"
_RETIRED: Final = "retired"
_RESULT: Final = (
    "state",
    "rail_reference",
    "rail_code",
    "error_code",
    "error_message",
    "latency_ms",
)
# What no seal covers: with everything given, these and no others may go unnoticed.
UNSEALED: Final = frozenset({
    "schema_version",
    "outbox.created_at",
    *("attempts: the last one left out", "late_results: the last one left out"),
    *(f"late_results[].{name}" for name in (*_RESULT, "late_result_id", "outcome")),
    *(f"late_results[].{name}" for name in ("received_at", "worker_id")),
    # but REDRIVE, which the attempts count
    "operator_actions: the last one left out",
    *(f"operator_actions[].{name}" for name in ("action", "action_id", "actor", "created_at")),
    "operator_actions[].reason",
})  # fmt: skip
# Attempts repeat these of their item; the hashes that stay of retired ones do not say them.
UNSEALED_RETIRED: Final = frozenset({
    *(f"outbox.{name}" for name in ("outbox_id", "idempotency_key", "sequence_id")),
    *(f"retired.{name}" for name in ("run_id", "first_claimed_at", "completed_at", "retired_at")),
    *("retired.rail_reference", "retired.error_code"),
})  # fmt: skip
_SWEEPS: Final = (
    (Skill.CARELESS, _PROOF),
    (Skill.FORGER, _BARE),
    (Skill.FORGER, _PROOF),
    (Skill.FORGER, _KEPT),
    (Skill.INSIDER, _PROOF),
    (Skill.INSIDER, _KEPT),
)


class _Tried(NamedTuple):
    """One file that is examined; without a forgery it is the genuine one."""

    skill: Skill
    given: str
    life: str
    document: Mapping[str, Any]
    forgery: Forgery | None

    @property
    def data(self) -> bytes:
        return canonical(self.document) if self.forgery is None else self.forgery.data


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
        finding), of which the check says that something is not proven which in the genuine pack
        is, and which went unnoticed.

    Raises:
        LedgerError: a command broke.
    """
    progress("forging")
    tried = [
        _Tried(skill, given, life, document, forgery)
        for skill, given in _SWEEPS
        for life, pack in packs.items()
        for document in [bare(pack) if given == _BARE else pack]
        for forgery in [None, *islice(forgeries(document, skill), 0, None, every)]
    ]
    answers: dict[int, Mapping[str, Any]] = {}
    for kept in (False, True):
        some = [place for place, one in enumerate(tried) if (one.given == _KEPT) is kept]
        progress(f"examining {len(some)} forgeries")
        said = _examined([tried[place].data for place in some], folder, beside if kept else ())
        answers |= dict(zip(some, said, strict=True))
    return [
        _row(skill, given, [
            (one, answers[place])
            for place, one in enumerate(tried)
            if (one.skill, one.given) == (skill, given)
        ])
        for skill, given in _SWEEPS
    ]  # fmt: skip


def _row(
    skill: Skill, given: str, tried: Sequence[tuple[_Tried, Mapping[str, Any]]]
) -> dict[str, Any]:
    genuine = {one.life: answer for one, answer in tried if one.forgery is None}
    unproven: dict[str, set[str]] = {life: set() for life in genuine}
    unnoticed: dict[str, set[str]] = {life: set() for life in genuine}
    made = found = 0
    for one, answer in tried:
        if one.forgery is None:
            continue
        made += 1
        if answer["status"] != "HOLDS":
            found += 1
        elif _open(answer) - _open(genuine[one.life]):
            unproven[one.life].add(one.forgery.what)
        else:
            unnoticed[one.life].add(one.forgery.what)
    return {
        "skill": str(skill),
        "given": given,
        "made": made,
        "found": found,
        "genuine ones hold": all(answer["status"] == "HOLDS" for answer in genuine.values()),
        "no longer proven": {life: sorted(what) for life, what in unproven.items()},
        "unnoticed": {life: sorted(what) for life, what in unnoticed.items()},
    }


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


def _open(answer: Mapping[str, Any]) -> set[str]:
    return {f"{one['field']}: {one['text']}" for one in answer["unproven"]}


def missed(table: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What should have been found: all that is careless; with everything given, all but what no
    seal covers.
    """
    for row in table:
        told = f"{row['skill']}, {row['given']}"
        if not row["made"]:
            yield f"{told}: nothing was forged"
        if not row["genuine ones hold"]:
            yield f"{told}: a genuine pack does not hold"
        if row["skill"] != Skill.CARELESS and row["given"] != _KEPT:
            continue
        for life, unnoticed in row["unnoticed"].items():
            for what in unnoticed:
                if not _may_go_unnoticed(row["skill"], life, what):
                    yield f"{told}: {life}: {what} went unnoticed"


def _may_go_unnoticed(skill: str, life: str, what: str) -> bool:
    if skill == Skill.CARELESS:
        return False
    if life == _NOT_YET_SEALED and (skill == Skill.INSIDER or what.startswith("seals[]")):
        return True
    return what in UNSEALED or (life == _RETIRED and what in UNSEALED_RETIRED)
