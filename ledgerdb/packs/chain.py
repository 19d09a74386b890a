"""The seals of a pack: their own hashes, their links, the places of rows under them, and whether
they lead to a seal that somebody kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final, NamedTuple
from uuid import UUID

from ledgerdb.packs.canonical import epoch_text
from ledgerdb.packs.report import PackReport

__all__ = ["KeptSeal", "Place", "check_chain", "places_of", "seal_hash"]

_Seal = Mapping[str, Any]
# The members of the object that is hashed, in the order and the spelling of PostgreSQL's
# json_build_object.
_NUMBERS: Final = ("seal_no", "after_position", "through_position", "row_count", "leaf_version")
_HASHED: Final = (
    "seal_no", "subject", "after_position", "through_position", "after_id", "through_id",
    "row_count", "leaf_version", "digest", "previous_hash",
)  # fmt: skip


class KeptSeal(NamedTuple):
    """A seal that an auditor kept outside of the database: its number, its hash in hex digits."""

    seal_no: int
    seal_hash: str


class Place(NamedTuple):
    """Where a row of the pack says it is in the chain.

    Attributes:
        name: of the row in the document.
        row_id: its id; only needed where it has no position.
        ended: the time up to which it was written, where it is known.
    """

    name: str
    subject: str
    row_id: str
    ended: str | None
    chain: Mapping[str, Any]


def places_of(document: Mapping[str, Any]) -> Iterator[Place]:
    """Every row of the pack that has a place in the chain, those that retired included."""
    attestation = document["attestation"]
    if attestation["chain"] is not None:
        yield Place(
            "attestation",
            "ATTESTATIONS",
            attestation["attestation_id"],
            attestation["received_at"],
            attestation["chain"],
        )
    for at, row in enumerate(document["attempts"]):
        if row["chain"] is not None:
            ended = row["completed_at"]
            yield Place(f"attempts[{at}]", "ATTEMPTS", row["attempt_id"], ended, row["chain"])
    for at, row in enumerate((document["proof"] or {}).get("retired", ())):
        yield Place(f"proof.retired[{at}]", "ATTEMPTS", row["attempt_id"], None, row["chain"])


def check_chain(document: Mapping[str, Any], kept: Sequence[KeptSeal], report: PackReport) -> None:
    """Everything about the seals but what is under them (see `proof`)."""
    seals: list[_Seal] = document["seals"]
    sound = {
        int(seal["seal_no"])
        for place, seal in enumerate(seals)
        if _check_seal(f"seals[{place}]", seal, report)
    }
    _check_links(seals, report)
    _check_ranges(seals, report)
    by_number = {seal["seal_no"]: seal for seal in seals}
    covering = set()
    for place in places_of(document):
        number = place.chain["seal_no"]
        if number is None:
            report.open(f"{place.name}.chain", "the row is not sealed yet")
        elif (seal := by_number.get(number)) is None:
            report.wrong(f"{place.name}.chain.seal_no", f"names seal {number}, which is not there")
        else:
            covering.add(int(number))
            _check_place(place, seal, report)
    if document["attestation"]["chain"] is None:
        report.open("attestation.chain", "the store that made the pack keeps no chain of hashes")
    _check_kept(seals, sound, covering, kept, report)


def seal_hash(seal: _Seal) -> str:
    """The hash that the content of a seal must have, spelled as `_append_seal` does."""
    members = []
    for name in _HASHED:
        value = seal[name]
        bare = value is None or name in _NUMBERS
        members.append((name, ("null" if value is None else value) if bare else f'"{value}"'))
    members.append(("sealed_at", f'"{epoch_text(seal["sealed_at"])}"'))
    text = "{" + ", ".join(f'"{name}" : {value}' for name, value in members) + "}"
    return sha256(text.encode()).hexdigest()


def _check_seal(name: str, seal: _Seal, report: PackReport) -> bool:
    """One seal by itself; True where its hash is that of its content."""
    by_position = seal["after_position"] is not None and seal["through_position"] is not None
    by_id = seal["after_id"] is not None and seal["through_id"] is not None
    given = sum(
        seal[end] is not None
        for end in ("after_position", "through_position", "after_id", "through_id")
    )
    if given != 2 or not (by_position or by_id):  # noqa: PLR2004 - both ends of one range
        report.wrong(name, "has no range: two positions, or two ids")
    elif _after(seal) >= _through(seal):
        report.wrong(name, "has a range that ends before it begins")
    elif by_position and seal["row_count"] > _through(seal) - _after(seal):
        report.wrong(f"{name}.row_count", "is more than the range has positions")
    if (seal["previous_hash"] is None) != (seal["seal_no"] == "1"):
        report.wrong(f"{name}.previous_hash", "is null in the first seal and in no other")
    sound = bool(seal["seal_hash"] == seal_hash(seal))
    if not sound:
        report.wrong(f"{name}.seal_hash", "is not the hash of the content of the seal")
    return sound


def _after(seal: _Seal) -> int:
    return UUID(seal["after_id"]).int if seal["after_id"] else int(seal["after_position"] or 0)


def _through(seal: _Seal) -> int:
    return (
        UUID(seal["through_id"]).int if seal["through_id"] else int(seal["through_position"] or 0)
    )


def _check_links(seals: Sequence[_Seal], report: PackReport) -> None:
    for place, (seal, following) in enumerate(pairwise(seals), 1):
        step = int(following["seal_no"]) - int(seal["seal_no"])
        if step < 1:
            report.wrong(f"seals[{place}].seal_no", "is not above that of the seal before it")
        elif step == 1 and following["previous_hash"] != seal["seal_hash"]:
            report.wrong(
                f"seals[{place}].previous_hash",
                f"is not the hash of seal {seal['seal_no']}, which it follows",
            )


def _check_ranges(seals: Sequence[_Seal], report: PackReport) -> None:
    """Ranges of one subject do not overlap; without a seal missing in between, they meet."""
    ends: dict[tuple[str, bool], tuple[int, int]] = {}
    run = 0
    for place, seal in enumerate(seals):
        if place and int(seal["seal_no"]) != int(seals[place - 1]["seal_no"]) + 1:
            run = place
        kind = (seal["subject"], seal["through_id"] is not None)
        if (end := ends.get(kind)) is not None:
            through, at = end
            if _after(seal) < through or (at >= run and _after(seal) != through):
                report.wrong(f"seals[{place}]", f"does not begin where seals[{at}] ends")
        ends[kind] = (_through(seal), place)


def _check_place(place: Place, seal: _Seal, report: PackReport) -> None:
    name, position = f"{place.name}.chain", place.chain["position"]
    if seal["subject"] != place.subject:
        report.wrong(f"{name}.seal_no", f"names a seal over {seal['subject']}")
    elif (position is None) != (seal["through_id"] is not None):
        report.wrong(f"{name}.position", "and the range of its seal are not of one kind")
    else:
        at = UUID(place.row_id).int if position is None else int(position)
        if not _after(seal) < at <= _through(seal):
            report.wrong(
                f"{name}.position" if position else f"{place.name}",
                f"is not in the range of seal {seal['seal_no']}",
            )
    if place.ended is not None and seal["sealed_at"] < place.ended:
        report.wrong(f"{place.name}", f"ended after seal {seal['seal_no']} was made over it")


def _check_kept(
    seals: Sequence[_Seal],
    sound: set[int],
    covering: set[int],
    kept: Sequence[KeptSeal],
    report: PackReport,
) -> None:
    """Whether the chain meets what was kept elsewhere: only that shows that it is the ledger's."""
    hashes = {int(seal["seal_no"]): seal["seal_hash"] for seal in seals}
    links = {
        int(seal["seal_no"])
        for seal in seals
        if seal["previous_hash"] == hashes.get(int(seal["seal_no"]) - 1)
    }

    def linked(first: int, last: int) -> bool:
        return (
            first <= last
            and sound >= {*range(first, last + 1)}
            and links >= {*range(first + 1, last + 1)}
        )

    for number, kept_hash in kept:
        if hashes.get(number, kept_hash) != kept_hash:
            report.wrong("seals", f"have another hash for seal {number} than the one that was kept")
    anchors = [number for number, kept_hash in kept if hashes.get(number) == kept_hash]
    for number in sorted(covering):
        if any(linked(number, anchor) for anchor in anchors):
            report.shown("seals", f"lead from seal {number} to a seal that was kept")
        elif any(linked(anchor, number) for anchor in anchors):
            report.open(
                "seals",
                f"seal {number} follows a seal that was kept; that it is the ledger's own is shown"
                " by a seal as new or newer",
            )
        elif kept:
            report.open(
                "seals",
                f"nothing in the file links seal {number} to a seal that was kept: export with"
                " --seals",
            )
        else:
            report.open(
                "seals",
                f"whoever can write a ledger can make a seal {number}: compare with one that was"
                " kept, with --seals",
            )
