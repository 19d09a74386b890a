"""Every parameter: the last values allowed, and the first ones refused, with code, field and rule.

A row of the table is what docs/limits.md says of a parameter. A function is called with good
arguments, one of which is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg

from proof.promises import items
from proof.promises.limit import TEXT_RULE, WHO, Function
from proof.promises.limits_ingress import INGRESS
from proof.promises.limits_operators import OPERATORS
from proof.promises.limits_workers import WORKERS
from proof.promises.registry import promise
from proof.promises.world import Broken, World, same

_FUNCTIONS: Final = (*INGRESS, *WORKERS, *OPERATORS)


def _try(world: World, function: Function) -> None:
    arguments = function.arguments(world)
    for limit in function.limits:
        column = None if limit.rule == "" else f"p_{limit.column or limit.name}"
        for bad in limit.bad:
            world.refuses(
                limit.sqlstate,
                column,
                limit.rule or None,
                function.name,
                **{**arguments, limit.name: bad},
            )
        for good in limit.good:
            try:
                with world.undone():
                    world.call(function.name, **{**arguments, limit.name: good})
            except psycopg.Error as error:
                raise Broken(
                    f"{function.name} refuses {limit.name}={good!r:.60}: {error}"
                ) from error


def _add(name: str, functions: Sequence[Function]) -> None:
    def attempt(world: World) -> None:
        for function in functions:
            _try(world, function)

    attempt.__name__ = name
    promise(f"the limits of {name} as docs/limits.md has them")(attempt)


for _name in dict.fromkeys(one.name for one in _FUNCTIONS):
    _add(_name, [one for one in _FUNCTIONS if one.name == _name])


@promise("the number of an invalid item of a batch is in the detail")
def names_the_place(world: World) -> None:
    tenant_id = items.tenant(world)
    good: dict[str, list[Any]] = {
        "instruction_ids": ["I1", "I2", "I3"],
        "participant_ids": ["P"] * 3,
        "idempotency_keys": ["K"] * 3,
        "rail_types": ["R"] * 3,
        "payloads": ["{}"] * 3,
    }
    for name, sqlstate in zip(good, ("P7112", "P7113", "P7114", "P7115", "P7116"), strict=True):
        rule = "JSON objects with unique keys, at most 1048576 bytes"
        diagnostic = world.refuses(
            sqlstate,
            f"p_{name}",
            rule if name == "payloads" else TEXT_RULE,
            "enqueue_outbox_items",
            **{**good, name: [good[name][0], "", ""]},
        )
        same("detail", diagnostic.message_detail, "item 2")
    diagnostic = world.refuses(
        "P7102",
        "p_tenant_ids",
        "an active tenant",
        "ingest_instructions",
        tenant_ids=[tenant_id, UUID(int=1), UUID(int=2)],
        **good,
    )
    same("detail", diagnostic.message_detail, "item 2")


@promise("a scope is a queue, a rail or a known tenant, and is kept in the form of an item's")
def scopes(world: World) -> None:
    tenant_id = items.tenant(world)
    for scope, key, kept in (
        ("QUEUE", "*", "*"),
        ("RAIL", "SEPA", "SEPA"),
        ("TENANT", str(tenant_id), str(tenant_id)),
        ("TENANT", str(tenant_id).upper(), str(tenant_id)),
        ("TENANT", f"{{{tenant_id}}}", str(tenant_id)),
    ):
        row = world.one("pause_outbox", scope=scope, scope_key=key, **WHO)
        same("scope", (row["scope"], row["scope_key"]), (scope, kept))
    refused: tuple[tuple[str, str | None], ...] = (
        ("QUEUE", "SEPA"),
        ("QUEUE", None),
        ("TENANT", "*"),
        ("TENANT", str(uuid4())),
        ("TENANT", "x"),
        ("TENANT", None),
    )
    for scope, bad in refused:
        world.refuses(
            "P711D",
            "p_scope_key",
            "* for QUEUE, a rail, or a known tenant's id",
            "pause_outbox",
            scope=scope,
            scope_key=bad,
            **WHO,
        )
