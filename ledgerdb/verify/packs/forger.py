"""What somebody can make of a pack who knows how packs are made.

The canonical form, the timeline and the hashes are spelled here once more: a forger has no need of
our code either.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

__all__ = ["Forgery", "Skill", "bare", "canonical", "forgeries"]

_Pack = dict[str, Any]
_Path = tuple[str | int, ...]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WORDS: Final = {
    "DISPATCHED": "FAILED",
    "FAILED": "DISPATCHED",
    "RETRYABLE": "ZOMBIE_REQUEUE",
    "ZOMBIE_REQUEUE": "RETRYABLE",
    "PENDING": "IN_DOUBT",
    "IN_DOUBT": "PENDING",
    "EXPIRED": "STOLEN",
    "STOLEN": "ALREADY_DONE",
    "ATTEMPTS": "ATTESTATIONS",
    "ATTESTATIONS": "ATTEMPTS",
    "REDRIVE": "CANCEL",
}
_ID_LENGTH: Final = 32
_HEX: Final = frozenset("0123456789abcdef")
_SEAL: Final = (
    "seal_no", "subject", "after_position", "through_position", "after_id", "through_id",
    "row_count", "leaf_version", "digest", "previous_hash", "sealed_at",
)  # fmt: skip
_SEAL_NUMBERS: Final = (
    "seal_no", "after_position", "through_position", "row_count", "leaf_version",
)  # fmt: skip
# What follows from the rest, and is made anew.
_DERIVED: Final = ("timeline", "digest", "format", "format_version", "proof")


class Skill(StrEnum):
    """What is made to fit after a change.

    CARELESS: nothing. FORGER: the timeline, the digest, the hashes and links of the seals. INSIDER:
    also the row behind a hash, its leaf, and what is under its seal.
    """

    CARELESS = "careless"
    FORGER = "forger"
    INSIDER = "insider"


@dataclass(frozen=True, slots=True)
class Forgery:
    """A changed pack; `what` is the member that was changed, `attempts[].state` say."""

    what: str
    data: bytes


def forgeries(pack: Mapping[str, Any], skill: Skill) -> Iterator[Forgery]:
    """Every forgery of one skill: each value changed, each member and each element taken away."""
    for path, value in _leaves((), pack):
        if skill is not Skill.CARELESS and path[0] in _DERIVED:
            continue
        if skill is Skill.INSIDER and not _in_a_row(path):
            continue
        row = _holder(pack, path)
        if (forged := _altered(str(path[-1]), value, row, pack)) is not None:
            changed = copy.deepcopy(dict(pack))
            _holder(changed, path)[path[-1]] = forged
            # what was made to fit again is no forgery
            if (fitted := _fitted(changed, path, skill)) != pack:
                yield Forgery(_named(path), canonical(fitted))
    if skill is Skill.CARELESS:
        for path in _members((), pack):
            changed = copy.deepcopy(dict(pack))
            del _holder(changed, path)[path[-1]]
            yield Forgery(f"{_named(path)} taken away", canonical(changed))
        yield Forgery("a space", canonical(dict(pack)) + b"\n")
    elif skill is Skill.FORGER:
        yield from _shortened(pack)


def bare(pack: Mapping[str, Any]) -> _Pack:
    """The pack without its proof, and without the seals that only link others."""
    changed = copy.deepcopy(dict(pack))
    changed["proof"] = None
    rows = (changed["attestation"], *changed["attempts"])
    over = {row["chain"]["seal_no"] for row in rows}
    changed["seals"] = [seal for seal in changed["seals"] if seal["seal_no"] in over]
    return _fitted(changed, (), Skill.FORGER)


def canonical(pack: Mapping[str, Any]) -> bytes:
    """RFC 8785 for what is in packs: names in ASCII, no fractions."""
    text = json.dumps(pack, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def _shortened(pack: Mapping[str, Any]) -> Iterator[Forgery]:
    """A last element left out, and what told of it with it."""
    for member in ("attempts", "late_results", "operator_actions"):
        if not pack[member]:
            continue
        changed = copy.deepcopy(dict(pack))
        changed[member].pop()
        if member == "attempts":
            last = changed["attempts"][-1]["state"] if changed["attempts"] else ""
            changed["outbox"]["state"] = "PENDING" if last != "DISPATCHED" else last
            if changed["proof"]:
                changed["proof"]["attempts"].pop()
        yield Forgery(
            f"{member}: the last one left out", canonical(_fitted(changed, (), Skill.FORGER))
        )


def _fitted(pack: _Pack, path: _Path, skill: Skill) -> _Pack:
    if skill is Skill.CARELESS:
        return pack
    if skill is Skill.INSIDER and pack["proof"] is not None and path:
        _fit_row(pack, path)
    if path[:1] == ("seals",) or skill is Skill.INSIDER:
        _fit_seals(pack)
    _fit_timeline(pack)
    content = {name: value for name, value in pack.items() if name != "digest"}
    pack["digest"] = sha256(canonical(content)).hexdigest()
    return pack


def _fit_timeline(pack: _Pack) -> None:
    """The same events at their times of now; those that lost theirs go, others come."""
    rows = (pack["attestation"], *pack["attempts"])
    over = {row["chain"]["seal_no"] for row in rows}
    events = []
    for event in pack["timeline"]:
        steps = event["source"].split("/")[1:]
        row: Any = pack
        try:
            for step in steps[:-1]:
                row = row[int(step)] if isinstance(row, list) else row[step]
        except IndexError:
            continue
        if event["event"] == "SEALED":
            continue
        ended = event["source"].endswith("completed_at")
        name = row["state"] if ended else event["event"]
        events.append({"at": row[steps[-1]], "event": name, "source": event["source"]})
    events += [
        {"at": seal["sealed_at"], "event": "SEALED", "source": f"/seals/{place}/sealed_at"}
        for place, seal in enumerate(pack["seals"])
        if seal["seal_no"] in over
    ]
    told = {event["source"] for event in events}
    for place, attempt in enumerate(pack["attempts"]):
        source, began = f"/attempts/{place}/dispatch_started_at", attempt["dispatch_started_at"]
        if began is not None and source not in told:
            events.append({"at": began, "event": "DISPATCH_STARTED", "source": source})
    pack["timeline"] = sorted(events, key=lambda event: str(event["at"]))


def _fit_row(pack: _Pack, path: _Path) -> None:
    """The row says what the pack says; its leaf is that of the row, and under the seal."""
    member, at = path[0], path[1]
    row = pack["attestation"] if member == "attestation" else pack["attempts"][at]
    texts, place = (
        (pack["proof"], "attestation")
        if member == "attestation"
        else (pack["proof"]["attempts"], at)
    )
    columns = json.loads(texts[place])
    name = str(path[-1])
    value = row[name]
    columns[name] = _epoch(value) if name.endswith("_at") and value is not None else value
    texts[place] = json.dumps(columns, separators=(", ", " : "), ensure_ascii=False)
    before, after = row["chain"]["leaf"], sha256(texts[place].encode()).hexdigest()
    row["chain"]["leaf"] = after
    for under in pack["proof"]["leaves"]:
        under["leaves"] = [after if leaf == before else leaf for leaf in under["leaves"]]
        for seal in pack["seals"]:
            if seal["seal_no"] == under["seal_no"]:
                seal["digest"] = sha256(bytes.fromhex("".join(under["leaves"]))).hexdigest()


def _fit_seals(pack: _Pack) -> None:
    """Each seal has the hash of its content, and the next one names it."""
    before: Mapping[str, Any] | None = None
    for seal in pack["seals"]:
        try:
            if before is not None and int(seal["seal_no"]) == int(before["seal_no"]) + 1:
                seal["previous_hash"] = before["seal_hash"]
        finally:
            before = seal
        members = []
        for name in _SEAL:
            value = _epoch(seal[name]) if name == "sealed_at" else seal[name]
            bare = value is None or name in _SEAL_NUMBERS
            spelled = ("null" if value is None else str(value)) if bare else f'"{value}"'
            members.append(f'"{name}" : {spelled}')
        seal["seal_hash"] = sha256(("{" + ", ".join(members) + "}").encode()).hexdigest()


def _epoch(time: str) -> str:
    microseconds = (datetime.fromisoformat(time) - _EPOCH) // timedelta(microseconds=1)
    return f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06d}"


def _altered(name: str, value: object, row: Any, pack: Mapping[str, Any]) -> object:  # noqa: ANN401 - JSON
    """Another value that could as well be there; None where nothing could."""
    if value is None:
        return row["claimed_at"] if name == "dispatch_started_at" else _plausible(name, pack)
    if isinstance(value, int):
        return value + 1
    text = str(value)
    if text.isdecimal():
        return str(int(text) + 1)
    if name.endswith("_at") or name == "at":
        return f"{text[:-2]}{(int(text[-2]) + 1) % 10}Z"
    if set(text) - {"-"} <= _HEX and len(text) >= _ID_LENGTH:
        return f"{text[:-1]}{'0' if text[-1] != '0' else '1'}"
    return _WORDS.get(text, f"{text} ")


def _plausible(name: str, pack: Mapping[str, Any]) -> object:
    if name in ("outbox", "retired", "proof", "chain"):
        return None
    if name.endswith("_at"):
        return pack["timeline"][-1]["at"]
    if name.endswith("_id") and name != "worker_id":
        return pack["attestation"]["attestation_id"]
    if name.endswith("_hash"):
        return pack["digest"]
    if name in ("position", "seal_no", "after_position", "through_position"):
        return "1"
    return 7 if name == "latency_ms" else "x"


def _in_a_row(path: _Path) -> bool:
    """Whether the ledger hashes it with its row."""
    return path[0] in ("attestation", "attempts") and "chain" not in path


def _leaves(path: _Path, value: object) -> Iterator[tuple[_Path, object]]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _leaves((*path, name), member)
    elif isinstance(value, list):
        for place, member in enumerate(value):
            yield from _leaves((*path, place), member)
    else:
        yield path, value


def _members(path: _Path, value: object) -> Iterator[_Path]:
    """Every member of an object, every element of a list."""
    steps: list[Any] = []
    if isinstance(value, dict):
        steps = list(value)
    elif isinstance(value, list):
        steps = list(range(len(value)))
    for step in steps:
        yield (*path, step)
        yield from _members((*path, step), value[step])  # type: ignore[index] # one of the two


def _holder(pack: Any, path: _Path) -> Any:  # noqa: ANN401 - JSON
    for step in path[:-1]:
        pack = pack[step]
    return pack


def _named(path: _Path) -> str:
    named = ""
    for step in path:
        named += "[]" if isinstance(step, int) else f".{step}"
    return named.removeprefix(".")
