"""An older pack beside one that the database gives now: is it what the ledger still says?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ledgerdb.packs.report import PackReport

__all__ = ["check_today"]

_Row = Mapping[str, Any]
_GROWING: Final = ("attempts", "late_results", "operator_actions")


def check_today(document: _Row, today: _Row | None, report: PackReport) -> None:
    """Compares a pack that has the right shape with the one of the same instruction today.

    The ledger only ever adds: attempts, late results, operator actions, seals; retention takes
    attempts away. All that is no finding, but it is told.

    Args:
        document: the pack.
        today: what the database gives now; None where the tenant has no such instruction.
        report: what is wrong, the same, or more by now goes there.
    """
    before = len(report.findings)
    if today is None:
        report.wrong("attestation", "is of an instruction that the database does not have")
        return
    _compare("attestation", document["attestation"], today["attestation"], report)
    _compare("outbox", document["outbox"], today["outbox"], report)
    has_retired = today["retired"] is not None and document["retired"] is None
    for member in _GROWING:
        if member == "attempts" and has_retired:
            report.open("attempts", "retired since; the database has only their hashes")
        else:
            _compare_growing(member, document[member], today[member], report)
    if not has_retired:
        _compare("retired", document["retired"], today["retired"], report)
    known = {seal["seal_no"]: seal for seal in today["seals"]}
    for place, seal in enumerate(document["seals"]):
        if (other := known.get(seal["seal_no"])) is not None:
            _compare(f"seals[{place}]", seal, other, report)
    if len(report.findings) == before:
        report.shown("", "the database says the same today")


def _compare_growing(
    member: str, rows: Sequence[_Row], now: Sequence[_Row], report: PackReport
) -> None:
    """They are added at the end, where their order is that of their times."""
    for place, row in enumerate(rows):
        name = f"{member}[{place}]"
        if place >= len(now):
            report.wrong(name, "is not in the database today")
        else:
            _compare(name, row, now[place], report)
    if len(now) > len(rows):
        report.open(member, f"the database has {len(now) - len(rows)} more by now")


def _compare(name: str, row: object, now: object, report: PackReport) -> None:
    for field, value, other in _differing(name, row, now):
        # A seal comes to a row later; the state follows from the attempts.
        if field == "outbox.state" or (field.endswith(".chain.seal_no") and value is None):
            report.open(field, f"is {other} in the database by now")
        else:
            report.wrong(field, "is another in the database today")


def _differing(name: str, row: object, now: object) -> Iterator[tuple[str, object, object]]:
    if isinstance(row, dict) and isinstance(now, dict):
        for member, value in row.items():
            yield from _differing(f"{name}.{member}", value, now.get(member))
    elif row != now:
        yield name, row, now
