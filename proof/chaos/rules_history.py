"""The invariants of what was promised: each compares histories with the tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from proof.chaos.history import Event
from proof.chaos.rules_model import TERMINAL, Broken, Rule
from proof.chaos.state import Row, State
from proof.chaos.story import RECORDED, Story

__all__ = ["HISTORY_RULES"]

# What a server says that is stopping, full, crowded, a standby, or out of disk.
_OF_FAULTS: Final = ("08", "53", "57P")
_READ_ONLY: Final = "25006"


def _items(state: State) -> set[str]:
    return {row["outbox_id"] for row in (*state.pending, *state.attempts)}


def _content(event: Event) -> tuple[str, str, str]:
    return event["participant"], event["rail"], event["payload"]


def _no_loss(story: Story, state: State, _: frozenset[str]) -> Iterator[Broken]:
    items = _items(state)
    for key, answers in story.acknowledged.items():
        for answer in answers:
            if answer["outbox"] not in items:
                yield Broken(f"{key} was acknowledged as {answer['outbox']}", answer.at)


def _one_identity(story: Story, state: State, _: frozenset[str]) -> Iterator[Broken]:
    items = _items(state)
    for key, answers in story.acknowledged.items():
        last = answers[-1]["outbox"]
        for answer in answers:
            if answer["outbox"] != last:
                at = None if answer["outbox"] in items else answer.at
                yield Broken(f"{key} was {answer['outbox']}, then {last}", at)


def _binding(story: Story, _: State, __: frozenset[str]) -> Iterator[Broken]:
    bound: dict[str, tuple[str, str, str]] = {}
    for key, answers in story.acknowledged.items():
        for answer in answers:
            asks = [a for a in story.asked[key] if a.at <= answer["since"] and a.who == answer.who]
            if not asks:
                yield Broken(f"{key} was acknowledged to {answer.who}, who had not asked")
            elif bound.setdefault(key, _content(asks[-1])) != _content(asks[-1]):
                yield Broken(f"{key} was acknowledged for other content")
    for key, refusals in story.refused.items():
        contents = {_content(ask) for ask in story.asked[key]}
        if len(contents) == 1 and any(refusal["code"] == "P7101" for refusal in refusals):
            yield Broken(f"{key} was refused as a conflict with itself")
    for claim in story.claims.values():
        if bound.get(claim["key"], _content(claim)) != _content(claim):
            yield Broken(f"{claim['key']} was claimed with other content")
    for sent in story.sends:
        sent_for = story.claims.get(sent["token"])
        if sent_for and sent_for["payload"] != sent["payload"]:
            yield Broken(f"{sent_for['key']} was sent with another payload")


def _fence(story: Story, _: State, __: frozenset[str]) -> Iterator[Broken]:
    by_number: dict[tuple[str, int], dict[str, float]] = defaultdict(dict)
    for token, answers in story.completed.items():
        recorded = [answer for answer in answers if answer["outcome"] in RECORDED]
        said = {(answer["number"], answer["state"]) for answer in recorded}
        if len(said) > 1:
            yield Broken(f"lease {token} was completed as {sorted(said)}", recorded[0].at)
        if sum(answer["outcome"] == "RECORDED" for answer in recorded) > 1:
            yield Broken(f"lease {token} was recorded twice", recorded[0].at)
        claim = story.claims.get(token)
        for answer in recorded:
            by_number[answer["outbox"], answer["number"]].setdefault(token, answer.at)
            if claim is None:
                yield Broken(f"lease {token} was completed and never issued")
            elif claim["number"] != answer["number"]:
                yield Broken(f"lease {token} of {claim['number']} became {answer['number']}")
            elif answer["outcome"] == "RECORDED" and any(
                later["number"] > claim["number"] and later.at < answer["since"]
                for later in story.claims_of[answer["outbox"]]
            ):
                yield Broken(f"lease {token} was completed after a later one was issued", answer.at)
    for (outbox, number), tokens in by_number.items():
        if len(tokens) > 1:
            yield Broken(f"item {outbox}: two leases became attempt {number}", min(tokens.values()))
    for event in story.twice_issued:
        yield Broken(f"lease {event['token']} was issued twice")


def _durable(story: Story, state: State, _: frozenset[str]) -> Iterator[Broken]:
    rows = {(row["outbox_id"], row["attempt_no"]): row for row in state.attempts}
    for token, answers in story.completed.items():
        for answer in answers:
            if answer["outcome"] not in RECORDED:
                continue
            row = rows.get((answer["outbox"], answer["number"]))
            asked = [ask for ask in story.completing[token] if ask.at <= answer["since"]]
            if row is None or not asked or not _is_result(row, token, answer, asked[-1]):
                yield Broken(
                    f"item {answer['outbox']}, attempt {answer['number']} was completed as"
                    f" {answer['state']} by {answer.who}",
                    answer.at,
                )


def _is_result(row: Row, token: str, answer: Event, asked: Event) -> bool:
    return (
        row["state"] == answer["state"]
        and row["worker_id"] == asked["worker"]
        and row["rail_reference"] == asked["reference"]
        and row.get("lease_token", token) in (token, None)
    )


def _conservation(story: Story, state: State, _: frozenset[str]) -> Iterator[Broken]:
    """Every lease that was seen is an attempt or alive; without tokens, by their numbers."""
    attempts = Counter(row.get("lease_token") for row in state.attempts)
    live = {row.get("lease_token") for row in state.pending}
    recorded = Counter(row["outbox_id"] for row in state.attempts if row.get("lease_token") is None)
    for outbox, claims in story.claims_of.items():
        unseen = [
            claim
            for claim in claims
            if claim["token"] not in story.released
            and claim["token"] not in live
            and not attempts[claim["token"]]
        ]
        for claim in unseen[recorded[outbox] :]:
            yield Broken(
                f"item {outbox}: lease {claim['token']} of {claim.who} left no attempt", claim.at
            )
    for token, times in attempts.items():
        if token is not None and times > 1:
            yield Broken(f"lease {token} is {times} attempts")


def _ceiling(story: Story, state: State, _: frozenset[str]) -> Iterator[Broken]:
    for outbox, claims in story.claims_of.items():
        kept = [claim for claim in claims if claim["token"] not in story.released]
        if len(kept) > state.ceiling:
            yield Broken(f"item {outbox} was leased {len(kept)} times")


def _resolved(story: Story, _: State, __: frozenset[str]) -> Iterator[Broken]:
    for key, ask in story.unresolved_keys().items():
        yield Broken(f"{key}: asked and never answered", ask.at)
    for token, ask in story.unresolved_tokens().items():
        yield Broken(f"lease {token}: completed and never judged", ask.at)


def _never_back(story: Story, _: State, __: frozenset[str]) -> Iterator[Broken]:
    for key, answers in story.acknowledged.items():
        for end in (answer for answer in answers if answer["state"] in TERMINAL):
            for later in answers:
                if later["since"] > end.at and later["state"] != end["state"]:
                    yield Broken(f"{key} was {end['state']}, then {later['state']}", end.at)
                    break


def _rail(story: Story, _: State, __: frozenset[str]) -> Iterator[Broken]:
    rail_keys: dict[str, set[str]] = defaultdict(set)
    keys: dict[str, set[str]] = defaultdict(set)
    sends: Counter[str] = Counter()
    for sent in story.sends:
        claim = story.claims.get(sent["token"])
        if claim is None or claim.at > sent.at:
            yield Broken(f"a request for {sent['outbox']} without a lease")
            continue
        sends[sent["token"]] += 1
        if claim["rail_key"] != sent["rail_key"]:
            yield Broken(f"{claim['key']} was sent under another rail key than it was claimed with")
        rail_keys[claim["key"]].add(sent["rail_key"])
        keys[sent["rail_key"]].add(claim["key"])
    for names, what in ((rail_keys, "rail keys"), (keys, "payments under one rail key")):
        for name, others in names.items():
            if len(others) > 1:
                yield Broken(f"{name}: {len(others)} {what}")
    for token, times in sends.items():
        if times > 1:
            yield Broken(f"lease {token} was sent {times} times")


def _codes(story: Story, _: State, codes: frozenset[str]) -> Iterator[Broken]:
    for event in story.refusals:
        code = event["code"] or ""
        if code not in codes and code != _READ_ONLY and not code.startswith(_OF_FAULTS):
            yield Broken(f"{event.who} was told {code or 'nothing'}")
    for event in story.crashes:
        if not event["known"]:
            yield Broken(f"{event.who} ended: {event['error'].strip()}")


HISTORY_RULES: Final = (
    Rule("S1", "no acknowledged item is lost", _no_loss, may_be_lost=True),
    Rule("S2", "a key has one identity", _one_identity, may_be_lost=True),
    Rule("S3", "a key is bound to its content", _binding),
    Rule("S7", "only the last lease completes, once", _fence, may_be_lost=True),
    Rule("S8", "a completion is durable", _durable, may_be_lost=True),
    Rule("S9", "every lease is an attempt or alive", _conservation, may_be_lost=True),
    Rule("S10", "an item has no more leases than the ceiling", _ceiling),
    Rule("S12", "an unknown outcome is known after a replay", _resolved),
    Rule("S13", "a replay never goes back from an end", _never_back, may_be_lost=True),
    Rule("S14", "the rail knows a payment by one key", _rail),
    Rule("E1", "no error but the published ones", _codes),
)
