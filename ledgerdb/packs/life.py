"""Does the life that a pack tells hold together: numbers, ends, times, state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from ledgerdb.packs.report import PackReport

__all__ = ["check_life"]

_TERMINAL: Final = ("DISPATCHED", "FAILED")
_WAITING: Final = ("PENDING", "IN_DOUBT")
_Row = Mapping[str, Any]


def check_life(document: _Row, report: PackReport) -> None:
    """The rules that every item of the ledger keeps, on a document that has the right shape."""
    attempts: Sequence[_Row] = document["attempts"]
    _check_presence(document, report)
    for place, attempt in enumerate(attempts, 1):
        if attempt["attempt_no"] != place:
            report.wrong(
                f"attempts[{place - 1}].attempt_no",
                f"is {attempt['attempt_no']}: attempts are numbered 1, 2, ... without a hole",
            )
    _check_ends(attempts, report)
    _check_redrives(document, report)
    _check_state(document, report)
    _check_times(document, report)
    _check_ids(document, report)


def _check_presence(document: _Row, report: PackReport) -> None:
    """What may not be there beside something else."""
    if document["outbox"] is None:
        for name in ("attempts", "late_results", "operator_actions", "retired"):
            if document[name]:
                report.wrong(name, "is there, but no outbox item that it could be about")
    if document["retired"] is not None and document["attempts"]:
        report.wrong("attempts", "are there, although they were retired")


def _check_ends(attempts: Sequence[_Row], report: PackReport) -> None:
    """At most one end for each time that the item was sent, and nothing after it."""
    for place, (attempt, following) in enumerate(pairwise(attempts)):
        if attempt["state"] == "DISPATCHED":
            report.wrong(
                f"attempts[{place}].state", "is DISPATCHED, yet there is an attempt after it"
            )
        elif attempt["state"] == "FAILED" and following["redrive_no"] <= attempt["redrive_no"]:
            report.wrong(
                f"attempts[{place}].state",
                "is FAILED, yet there is an attempt after it without a redrive",
            )


def _check_redrives(document: _Row, report: PackReport) -> None:
    """`redrive_no` counts the REDRIVE actions; each sends a FAILED item back to the queue."""
    if document["outbox"] is None or document["retired"] is not None:
        return
    attempts = document["attempts"]
    redrives = sum(act["action"] == "REDRIVE" for act in document["operator_actions"])
    numbers = [attempt["redrive_no"] for attempt in attempts]
    for place, (before, number) in enumerate(zip([0, *numbers], numbers, strict=False)):
        ended = place > 0 and attempts[place - 1]["state"] == "FAILED"
        if number != before + ended:
            report.wrong(
                f"attempts[{place}].redrive_no",
                f"is {number}, but it counts the redrives of a FAILED item: {before + ended}",
            )
    pending = document["outbox"]["state"] in _WAITING
    failed = bool(attempts) and attempts[-1]["state"] == "FAILED"
    expected = (numbers[-1] if numbers else 0) + (pending and failed)
    if redrives != expected:
        report.wrong(
            "operator_actions", f"have {redrives} REDRIVE, but the attempts tell of {expected}"
        )


def _check_state(document: _Row, report: PackReport) -> None:
    outbox, retired, attempts = document["outbox"], document["retired"], document["attempts"]
    if outbox is None:
        return
    state = outbox["state"]
    if retired is not None:
        if state != retired["state"]:
            report.wrong("outbox.state", f"is {state}, but it was retired as {retired['state']}")
        return
    if state != "DISPATCHED":
        report.open("attempts", "that there is none after these only the database can tell")
    if state in _WAITING:
        if attempts and attempts[-1]["state"] == "DISPATCHED":
            report.wrong("outbox.state", f"is {state}, but the last attempt is DISPATCHED")
    elif not attempts:
        report.wrong("outbox.state", f"is {state}, but there is no attempt")
    elif state != attempts[-1]["state"]:
        report.wrong("outbox.state", f"is {state}, but the last attempt is {attempts[-1]['state']}")


def _check_times(document: _Row, report: PackReport) -> None:
    """Texts of times sort as the times do. What the clock of one server wrote is in order."""
    accepted = document["attestation"]["received_at"]
    last, of_last = accepted, "the acceptance"
    for place, attempt in enumerate(document["attempts"]):
        name = f"attempts[{place}]"
        for field in ("claimed_at", "dispatch_started_at", "completed_at"):
            if (at := attempt[field]) is None:
                continue
            if at < last:
                report.wrong(f"{name}.{field}", f"is before {of_last}")
            last, of_last = at, f"{name}.{field}"
    _check_other_times(document, report)


def _check_other_times(document: _Row, report: PackReport) -> None:
    accepted = document["attestation"]["received_at"]
    for name, field in (("late_results", "received_at"), ("operator_actions", "created_at")):
        for place, row in enumerate(document[name]):
            if row[field] < accepted:
                report.wrong(f"{name}[{place}].{field}", "is before the acceptance")
    if (retired := document["retired"]) is not None:
        for before, after in pairwise(("first_claimed_at", "completed_at", "retired_at")):
            if retired[after] < retired[before]:
                report.wrong(f"retired.{after}", f"is before retired.{before}")
        if retired["first_claimed_at"] < accepted:
            report.wrong("retired.first_claimed_at", "is before the acceptance")


def _check_ids(document: _Row, report: PackReport) -> None:
    for name, key in (
        ("attempts", "attempt_id"),
        ("late_results", "late_result_id"),
        ("operator_actions", "action_id"),
    ):
        ids = [row[key] for row in document[name]]
        for place, one in enumerate(ids):
            if one in ids[:place]:
                report.wrong(f"{name}[{place}].{key}", "is there twice")
