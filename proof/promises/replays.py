"""What a replay leaves behind."""

from __future__ import annotations

from collections.abc import Callable

from proof.promises import items
from proof.promises.registry import promise
from proof.promises.world import World, same

_WHO = {"actor": "ann", "reason": "why"}


@promise(
    "a replay writes: its commit waits for the standby that the first one may have given up",
    alone=True,
)
def replays_write(world: World) -> None:
    def writes(replay: Callable[[], object]) -> bool:
        with world.undone():
            replay()
            (row,) = world.rows("select pg_current_xact_id_if_assigned() is not null as writes")
            return bool(row["writes"])

    sent, cancelled, resolved = (items.enqueue(world) for _ in range(3))
    items.claim(world, sent)
    items.complete(world, sent, "DISPATCHED")
    cancel = {"outbox_id": cancelled.outbox_id, **_WHO}
    world.call("cancel_outbox_item", **cancel)
    items.claim(world, resolved, begun=True)
    items.expire(world, resolved)
    resolve = {"outbox_id": resolved.outbox_id, "resolution": "FAILED", **_WHO}
    world.call("resolve_outbox_item", **resolve)
    queued, ingested = items.enqueue(world), items.item(world)
    single = items.enqueuing(queued)
    replays: dict[str, Callable[[], object]] = {
        "enqueue": lambda: world.call("enqueue_payment_outbox", **single),
        "enqueue many": lambda: world.call(
            "enqueue_outbox_items", **{f"{name}s": [given] for name, given in single.items()}
        ),
        "ingest": lambda: world.call("ingest_instruction", **items.ingestion(ingested)),
        "complete": lambda: items.complete(world, sent, "DISPATCHED"),
        "cancel": lambda: world.call("cancel_outbox_item", **cancel),
        "resolve": lambda: world.call("resolve_outbox_item", **resolve),
    }
    for name, replay in replays.items():
        same(name, writes(replay), promised=True)
