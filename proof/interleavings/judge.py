"""What must be true of every schedule: the promises of the SQL contract.

Two kinds of witnesses are compared: what the sessions were told, and what the database holds when
they are done, and again when workers have done what was left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

from proof.interleavings.history import History, Row
from proof.interleavings.plan import Isolation
from proof.interleavings.trace import Trace

__all__ = ["judge"]

_TERMINAL: Final = {"DISPATCHED", "FAILED"}
_LATE: Final = {"EXPIRED", "STOLEN", "ALREADY_DONE", "UNKNOWN"}


def judge(trace: Trace, ceiling: int) -> list[str]:
    """The broken promises, each with what broke it; empty where all hold."""
    if trace.stuck is not None:
        return [f"every schedule ends: {trace.stuck}"]
    history = History(trace, ceiling)
    return [
        f"{promise}: {detail}" for promise, rule in _PROMISES.items() for detail in rule(history)
    ]


def _only_published_refusals(history: History) -> Iterator[str]:
    for event in history.events:
        code = event.sqlstate
        if code is None or code in event.source.refusals:
            continue
        level = history.program(event).isolation
        if code == "40001" and level is Isolation.REPEATABLE_READ:
            continue
        yield f"{event.call} ended with {code} {event.answer.message if event.answer else ''}"


def _one_identity_per_key(history: History) -> Iterator[str]:
    for key, told in history.acknowledged().items():
        if len({outbox_id for outbox_id, _, _ in told}) > 1:
            yield f"{key} was acknowledged as {len({o for o, _, _ in told})} items"
        if len({content for _, content, _ in told}) > 1:
            yield f"{key} was acknowledged for different payments"
    ids = history.after.ids_by_key()
    for identity, held in ids.items():
        if len(held) > 1:
            yield f"{identity} has {len(held)} items"


def _nothing_acknowledged_is_lost(history: History) -> Iterator[str]:
    for key, told in history.acknowledged().items():
        for outbox_id, _, _ in told:
            if outbox_id not in history.before.known:
                yield f"{key} was acknowledged, and there is no item"


def _live_or_ended(history: History) -> Iterator[str]:
    for view in (history.before, history.after):
        for outbox_id, attempts in view.attempts.items():
            live = view.pending.get(outbox_id)
            ends = [a for a in attempts if a["state"] in _TERMINAL]
            if live is not None and any(
                a["state"] == "DISPATCHED" or a.get("redrive_no", 0) >= live.get("redrive_no", 0)
                for a in ends
            ):
                yield f"{outbox_id} waits on the queue and has ended"
            if live is None and attempts[-1]["state"] not in _TERMINAL:
                yield f"{outbox_id} is neither on the queue nor ended"
            for at, attempt in enumerate(attempts[:-1]):
                redriven = attempts[at + 1].get("redrive_no", 0) > attempt.get("redrive_no", 0)
                if attempt["state"] in _TERMINAL and not (
                    attempt["state"] == "FAILED" and redriven
                ):
                    yield f"{outbox_id} went on after attempt {attempt['attempt_no']} ended it"


def _dense_attempts(history: History) -> Iterator[str]:
    for view in (history.before, history.after):
        for outbox_id, attempts in view.attempts.items():
            numbers = [attempt["attempt_no"] for attempt in attempts]
            if numbers != list(range(1, len(numbers) + 1)):
                yield f"{outbox_id} has the attempts {numbers}"
        for outbox_id, live in view.pending.items():
            if live["attempt_count"] != len(view.attempts.get(outbox_id, ())):
                yield f"{outbox_id} counts {live['attempt_count']} attempts"
        if view.held.get("drift"):
            yield f"outbox_counter_drift: {view.held['drift']}"


def _tokens_are_conserved(history: History) -> Iterator[str]:
    issued, released = history.issued(), history.released()
    for outbox_id, tokens in issued.items():
        attempts = history.before.attempts.get(outbox_id, [])
        live = history.before.pending.get(outbox_id, {}).get("lease_token")
        if outbox_id in history.before.retired:
            continue
        if any("lease_token" not in attempt for attempt in attempts) or (
            not attempts and history.is_reference
        ):
            recorded = len(attempts) + (live is not None)
            if recorded < len(tokens):
                yield f"{len(tokens)} leases of {outbox_id} were issued, {recorded} are accounted"
            continue
        recorded_tokens = [a["lease_token"] for a in attempts if a["lease_token"]]
        if len(set(recorded_tokens)) < len(recorded_tokens):
            yield f"two attempts of {outbox_id} were under one lease"
        held = {*recorded_tokens, *([live] if live else [])}
        if lost := tokens - held - released:
            yield f"{len(lost)} leases of {outbox_id} are neither live nor in the ledger"
        if held - tokens or released & held:
            yield f"the ledger holds a lease of {outbox_id} that was not issued, or given back"


def _completions_are_kept(history: History) -> Iterator[str]:
    recorded: set[str] = set()
    for event, token, row in history.completions():
        outcome = row.get("outcome")
        attempt = history.attempt_of(token)
        if outcome in _LATE and history.is_live_to_the_end(event, token):
            yield f"{event.call} was told {outcome}, and its lease is live"
        if outcome in _LATE:
            outbox_id = row.get("outbox_id") or history.outbox_id(event)
            is_known = outbox_id in history.before.known
            if is_known and history.late_of(token) is None:
                yield f"the late result of {event.call} is not kept"
            continue
        if attempt is None:
            if history.outbox_id(event) not in history.before.retired and not history.is_reference:
                yield f"{event.call} was told {outcome or row['state']}, and there is no attempt"
            continue
        if (str(attempt["attempt_no"]), attempt["state"]) != (row["attempt_no"], row["state"]):
            yield f"{event.call} was told {row}, the ledger says {attempt['state']}"
        if outcome == "RECORDED" and token in recorded:
            yield f"{event.call}: one lease was completed twice"
        if outcome == "RECORDED":
            recorded.add(token)


def _leases_last(history: History) -> Iterator[str]:
    for token, (ends_at, _) in history.lease_ends().items():
        attempt = history.attempt_of(token)
        if attempt is None or "closed_by" not in attempt:
            continue
        by_worker = attempt.get("closed_by") is None
        if not by_worker and attempt["completed_at"] < ends_at:
            yield f"a lease until {ends_at} was closed at {attempt['completed_at']}"
        if by_worker and attempt["completed_at"] >= ends_at:
            yield f"a lease until {ends_at} was completed at {attempt['completed_at']}"
    for event, token, outcome in history.uses_of_leases():
        if history.extended_by_another(event):
            continue
        if history.ran_out(event, token) or history.waited_too_long(event):
            yield f"{event.call} was told {outcome} after its lease had run out"


def _attempts_come_from_workers(history: History) -> Iterator[str]:
    if history.is_reference:
        return
    told = {
        token
        for event, token, row in history.completions()
        if row.get("outcome", "RECORDED") == "RECORDED"
    }
    for attempts in history.before.attempts.values():
        for attempt in attempts:
            if attempt["closed_by"] is None and attempt["lease_token"] not in told:
                yield f"attempt {attempt['attempt_no']} was recorded, and nobody was told so"


def _leases_are_whole(history: History) -> Iterator[str]:
    for live in history.before.pending.values():
        parts = [live[part] is None for part in ("claimed_by", "lease_token", "lease_expires_at")]
        if any(parts) and not all(parts):
            yield f"{live['outbox_id']} has a part of a lease"
        if all(parts) and live.get("dispatch_started_at") is not None:
            yield f"the dispatch of {live['outbox_id']} has begun, and nobody has its lease"


def _nobody_waits_for_workers(history: History) -> Iterator[str]:
    locks_all = any(event.call in {"order", "unorder", "skip"} for event in history.events)
    for event in history.events:
        by_design = locks_all or history.scenario.situation.startswith("fifo")
        if event.waited and (event.kind == "seal" or (event.kind == "claim" and not by_design)):
            yield f"{event.call} waited for a lock"


def _begun_is_not_sent_again(history: History) -> Iterator[str]:
    for event in history.told("begin"):
        for row in event.rows:
            token = history.token(event)
            attempt = history.attempt_of(token)
            if token in history.released():
                yield f"{row['outbox_id']} was given back though its dispatch had begun"
            if attempt is None:
                continue
            if attempt["state"] == "ZOMBIE_REQUEUE" and attempt["closed_by"] != "operator":
                yield f"{row['outbox_id']} was requeued though its dispatch had begun"


def _sequences_without_gaps(history: History) -> Iterator[str]:
    numbers = history.after.sequence_numbers()
    for participant, held in numbers.items():
        if sorted(held) != list(range(1, len(held) + 1)):
            yield f"{participant} has the numbers {sorted(held)}"
    for counter in history.after.held.get("counters") or ():
        count = len(numbers.get(counter["participant_id"], ()))
        if counter["next_sequence_id"] != count + 1:
            yield f"{counter['participant_id']} counts {counter['next_sequence_id']}, has {count}"


def _replays_do_not_go_back(history: History) -> Iterator[str]:
    for ended in history.told("complete"):
        if not any(
            row.get("state") == "DISPATCHED" and row.get("outcome") in {None, "RECORDED"}
            for row in ended.rows
        ):
            continue
        for replay in history.told("enqueue"):
            is_later = replay.actor > 0 and replay.began >= history.committed_at(ended)
            if not is_later or history.program(replay).isolation is Isolation.REPEATABLE_READ:
                continue
            for row in replay.rows:
                same = row.get("outbox_id") == history.outbox_id(ended)
                if same and row.get("state") != "DISPATCHED":
                    yield f"{replay.call} was told {row['state']} after the item was DISPATCHED"


def _everything_ends(history: History) -> Iterator[str]:
    for live in history.after.pending.values():
        yield f"{live['outbox_id']} does not end: hold {live.get('hold')}"


def _attempts_do_not_change(history: History) -> Iterator[str]:
    for outbox_id, attempts in history.before.attempts.items():
        if history.after.attempts.get(outbox_id, [])[: len(attempts)] != attempts:
            yield f"attempts of {outbox_id} changed after they were seen"


def _within_the_budget(history: History) -> Iterator[str]:
    for outbox_id, attempts in history.after.attempts.items():
        tries: dict[int, int] = {}
        for attempt in attempts:
            redrive = attempt.get("redrive_no", 0)
            tries[redrive] = tries.get(redrive, 0) + 1
        if max(tries.values()) > history.ceiling:
            yield f"{outbox_id} was tried {max(tries.values())} times"


def _pauses_hold(history: History) -> Iterator[str]:
    resumes = [event for event in history.events if event.call == "resume"]
    for pause in history.told("pause"):
        for claim in history.told("claim"):
            is_later = claim.actor > 0 and claim.began >= history.committed_at(pause)
            resumed = any(resume.began < claim.ended for resume in resumes)
            sees_it = history.program(claim).isolation is not Isolation.REPEATABLE_READ
            if claim.rows and is_later and sees_it and not resumed:
                yield f"{claim.call} leased {len(claim.rows)} items of a rail that was paused"


def _orders_reach_all(history: History) -> Iterator[str]:
    ordering = history.before.held.get("ordering")
    if ordering is None:
        return
    for live in history.before.pending.values():
        if live["fifo"] != ordering and live["rail_type"] == "RTGS":
            yield f"{live['outbox_id']} goes by the order of before"
    # At REPEATABLE READ a claim may still see the earlier item: a repair releases what waits.
    if history.is_ordered and not history.has_snapshots:
        waiting = history.before.pending.values()
        for live in waiting:
            is_behind = any(
                other["participant_id"] == live["participant_id"]
                and other["sequence_id"] < live["sequence_id"]
                for other in waiting
            )
            if live["hold"] == "FIFO" and not is_behind:
                yield f"{live['outbox_id']} waits for an item that has ended"


def _in_order(history: History) -> Iterator[str]:
    if not history.is_ordered:
        return
    queues: dict[str, list[list[Row]]] = {}
    for attempts in history.after.attempts.values():
        queues.setdefault(attempts[0]["participant_id"], []).append(attempts)
    for items in queues.values():
        items.sort(key=lambda attempts: int(attempts[0]["sequence_id"]))
        for earlier, later in pairwise(items):
            if later[0]["claimed_at"] < earlier[-1]["completed_at"]:
                yield f"item {later[0]['sequence_id']} was leased before the one ahead had ended"


def _seals_are_final(history: History) -> Iterator[str]:
    for view in (history.before, history.after):
        for number in view.held.get("behind_seals") or ():
            yield f"rows appeared behind seal {number}"


def _operators_are_obeyed(history: History) -> Iterator[str]:
    only_cancels = all(event.call == "cancel" for event in history.events if event.actor)
    for event in history.events if only_cancels and history.scenario.situation == "due" else ():
        sees_it = history.program(event).isolation is not Isolation.REPEATABLE_READ
        if event.sqlstate == "P7004" and sees_it:
            yield "an item that was cancelled could not be cancelled again"
    for event in history.told("operate"):
        for row in event.rows:
            attempts = history.before.attempts.get(event.bound["o1"], [])
            if event.bound["o1"] in history.before.retired:
                continue
            if not any(
                (str(a["attempt_no"]), a["state"]) == (row["attempt_no"], row["state"])
                for a in attempts
            ):
                yield f"{event.call} was told {row}, and there is no such attempt"


_PROMISES: Final[dict[str, Callable[[History], Iterator[str]]]] = {
    "only published SQLSTATEs": _only_published_refusals,
    "one identity per key": _one_identity_per_key,
    "nothing acknowledged is lost": _nothing_acknowledged_is_lost,
    "live or ended": _live_or_ended,
    "attempts 1 to n, as counted": _dense_attempts,
    "tokens issued = attempts + live leases": _tokens_are_conserved,
    "completions are kept": _completions_are_kept,
    "leases last as long as promised": _leases_last,
    "attempts come from workers": _attempts_come_from_workers,
    "leases are whole": _leases_are_whole,
    "nobody waits for workers": _nobody_waits_for_workers,
    "what began is not sent again": _begun_is_not_sent_again,
    "sequences without gaps": _sequences_without_gaps,
    "replays do not go back": _replays_do_not_go_back,
    "everything ends": _everything_ends,
    "attempts do not change": _attempts_do_not_change,
    "tries within the ceiling": _within_the_budget,
    "pauses hold": _pauses_hold,
    "participants in order": _in_order,
    "orders reach all": _orders_reach_all,
    "seals are final": _seals_are_final,
    "operators are obeyed": _operators_are_obeyed,
}
