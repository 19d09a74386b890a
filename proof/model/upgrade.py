"""An upgrade in the middle: what the reference left in flight lives on under head.

Before it, the machine keeps to what the reference does right: no mistakes, no expired lease is
claimed, no repair at the ceiling. After it, everything.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any, Final

import psycopg

from ledgerdb.migrate import upgrade
from proof.model.machine import Disagreement, Machine
from proof.model.program import drawn
from proof.model.reference import does_wrong
from proof.model.world import World

__all__ = ["survive"]

_BEFORE: Final = 80
_DUE: Final = """
select outbox_id, (extract(epoch from next_attempt_at) * 1000000)::bigint
from public.payment_outbox_pending
"""
_ACCEPTED: Final = """
select outbox_id, (extract(epoch from created_at) * 1000000)::bigint
from public.payment_outbox_identities
"""


def survive(url: str, *, seed: int) -> tuple[Counter[str], list[str]]:
    """Runs on a database at 0001, migrates it to head, and goes on.

    Returns:
        Counts and findings.
    """
    chance = random.Random(seed)
    try:
        with Machine(url, oldest=True) as reference:
            reference.careful = True
            reference.refrains = does_wrong
            reference.run(drawn(chance, reference.kinds, _BEFORE))
            reference.arena.clock.uninstall()
            world, counts = reference.world, reference.counts
    except Disagreement as difference:
        return Counter(), [f"before the upgrade: {difference}"]
    upgrade(url)
    counts["upgrades"] = 1
    counts["leases that lived through an upgrade"] = sum(
        item.lease is not None for item in world.state.queue()
    )
    with Machine(url) as head:
        _adopt(world, head.arena.admin)
        try:
            head.go_on(world, drawn(chance, head.kinds))
        except Disagreement as difference:
            told = [str(difference), "after an upgrade and:", *head.script]
            return counts + head.counts, ["\n".join(told)]
        return counts + head.counts, []


def _adopt(world: World, admin: psycopg.Connection[Any]) -> None:
    """What the reference does not write down: tokens, the holder of a lease that ran out, when a
    lease was issued, when an item that ended was accepted, and its payload as it came.
    """
    due = dict(admin.execute(_DUE).fetchall())
    accepted = dict(admin.execute(_ACCEPTED).fetchall())
    for item in world.state.items.values():
        item.by_value = True
        item.attempts = [
            replace(
                a,
                token=None,
                claimed_at=a.completed_at,
                worker=a.worker if a.closed_by is None else a.closed_by,
                closed_by=None,
            )
            for a in item.attempts
        ]
        if item.lease is not None:
            # it waits in the place where it waited before it was leased
            item.lease = replace(item.lease, leased_at=None)
            item.due_at = due[item.outbox_id]
        if not item.queued:
            item.payload_kept = False
            if accepted[item.outbox_id] in {a.completed_at for a in item.attempts}:
                item.created_at = accepted[item.outbox_id]
