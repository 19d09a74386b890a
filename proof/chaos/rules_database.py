"""The invariants that the tables show at the end, whatever happened."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from proof.chaos.rules_model import TERMINAL, Broken, Rule
from proof.chaos.state import Row, State
from proof.chaos.story import Story

__all__ = ["DATABASE_RULES"]


def _live_xor_terminal(_: Story, state: State, __: frozenset[str]) -> Iterator[Broken]:
    ended = {row["outbox_id"] for row in state.attempts if row["state"] in TERMINAL}
    for row in state.pending:
        if row["outbox_id"] in ended:
            yield Broken(f"item {row['outbox_id']} is on the queue and has ended")


def _one_terminal(_: Story, state: State, __: frozenset[str]) -> Iterator[Broken]:
    for outbox, rows in _by_item(state).items():
        ends = [row["attempt_no"] for row in rows if row["state"] in TERMINAL]
        if len(ends) > 1:
            yield Broken(f"item {outbox} ended as attempts {ends}")
        elif ends and ends[0] != max(row["attempt_no"] for row in rows):
            yield Broken(f"item {outbox} ended as attempt {ends[0]}, and others followed")


def _dense(_: Story, state: State, __: frozenset[str]) -> Iterator[Broken]:
    rows_of = _by_item(state)
    for outbox, rows in rows_of.items():
        numbers = sorted(row["attempt_no"] for row in rows)
        if numbers != list(range(1, len(numbers) + 1)):
            yield Broken(f"item {outbox} has attempts {numbers}")
    for row in state.pending:
        attempts = len(rows_of.get(row["outbox_id"], ()))
        if row["attempt_count"] != attempts:
            yield Broken(
                f"item {row['outbox_id']} counts {row['attempt_count']}, has {attempts} attempts"
            )


def _sequences(story: Story, state: State, _: frozenset[str]) -> Iterator[Broken]:
    used: dict[str, dict[str, int]] = defaultdict(dict)
    for row in (*state.pending, *state.attempts):
        used[row["participant_id"]][row["outbox_id"]] = row["sequence_id"]
    for participant in sorted({*used, *state.sequences}):
        numbers = sorted(used[participant].values())
        following = state.sequences.get(participant, 1)
        if numbers != list(range(1, following)):
            repeated = [number for number, times in Counter(numbers).items() if times > 1]
            missing = sorted(set(range(1, following)) - set(numbers))
            yield Broken(f"{participant}: next {following}, repeated {repeated}, missing {missing}")
        yield from _in_real_time(story, participant, used[participant])


def _in_real_time(story: Story, participant: str, used: dict[str, int]) -> Iterator[Broken]:
    """Who was acknowledged before another one asked has the lower number."""
    asked: dict[str, float] = {}
    known: dict[str, float] = {}
    for key, answers in story.acknowledged.items():
        for answer in answers:
            if answer["outbox"] in used:
                asked[answer["outbox"]] = story.asked[key][0].at
                known[answer["outbox"]] = min(answer.at, known.get(answer["outbox"], answer.at))
    earliest = float("inf")  # acknowledgement among the higher numbers
    for outbox in sorted(known, key=lambda outbox: -used[outbox]):
        if earliest < asked[outbox]:
            yield Broken(f"{participant}: number {used[outbox]} was asked for after a higher one")
        earliest = min(earliest, known[outbox])


def _append_only(story: Story, state: State, _: frozenset[str]) -> Iterator[Broken]:
    for event, attempt in story.changed:
        yield Broken(f"attempt {attempt} was another one at {event.at:.3f}")
    for attempt, digest in story.seen.items():
        if attempt not in state.digests:
            yield Broken(f"attempt {attempt} is gone")
        elif state.digests[attempt] != digest:
            yield Broken(f"attempt {attempt} has changed")


def _ended(_: Story, state: State, __: frozenset[str]) -> Iterator[Broken]:
    for row in state.pending:
        why = {name: row.get(name) for name in ("hold", "next_attempt_at", "lease_expires_at")}
        yield Broken(f"item {row['outbox_id']} has not ended: {why}")


def _by_item(state: State) -> dict[str, list[Row]]:
    rows_of: dict[str, list[Row]] = defaultdict(list)
    for row in state.attempts:
        rows_of[row["outbox_id"]].append(row)
    return rows_of


DATABASE_RULES: Final = (
    Rule("S4", "an item is on the queue or has ended, never both", _live_xor_terminal),
    Rule("S5", "an item ends once, with its last attempt", _one_terminal),
    Rule("S6", "attempts are 1 to n, and the counter is n", _dense),
    Rule("S11", "numbers of a participant are 1 to n in the order of time", _sequences),
    Rule("S15", "an attempt that was seen never changes", _append_only),
    Rule("L1", "after the faults every item ends in bounded time", _ended),
)
