"""`ledgerdb inspect`: everything about one item."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ledgerdb.cli.operations.document import echo, spelled, with_instants
from ledgerdb.cli.operations.layout import console, instant, plain, show, state
from ledgerdb.cli.operations.options import AsJson, ItemId, Role
from ledgerdb.cli.operations.session import opened
from ledgerdb.cli.options import Url
from ledgerdb.errors import UnknownItem

__all__ = ["inspect"]

_NAMES: Final = (
    "outbox_id",
    "tenant_id",
    "instruction_id",
    "idempotency_key",
    "participant_id",
    "rail_type",
    "rail_key",
)


def inspect(
    outbox_id: ItemId,
    *,
    payload: Annotated[
        bool, typer.Option("--payload", help="Also show what is to be paid.")
    ] = False,
    as_json: AsJson = False,
    url: Url = None,
    role: Role = None,
) -> None:
    """Show an item: identity, rail key, place on the queue, attempts, late results, operators.

    Exit code 1 if there is no such item.

    Examples:

      ledgerdb inspect 0199c7a8-3c1e-7c65-9b3f-2f8c2d1f4a11

      ledgerdb inspect 0199c7a8-3c1e-7c65-9b3f-2f8c2d1f4a11 --payload --json
    """
    with opened(url, role) as ledger:
        found = ledger.inspect(outbox_id)
    if found is None:
        raise UnknownItem(f"there is no item {outbox_id}", field="outbox_id", rule="a known item")
    document: dict[str, Any] = {
        name: with_instants(getattr(found, name))
        for name in ("identity", "queue", "attempts", "retired", "late_results", "operator_actions")
    }
    document["identity"] = _in_order(document["identity"])
    if payload:
        document["payload"] = found.payload
    if as_json:
        echo(document)
    else:
        _print(console(), document)


def _in_order(identity: Mapping[str, Any]) -> dict[str, Any]:
    """What it is called first, then whatever else there is."""
    return {name: identity[name] for name in _NAMES if name in identity} | dict(identity)


def _print(out: Console, document: Mapping[str, Any]) -> None:
    _fields(out, "item", document["identity"])
    if document["queue"] is None:
        _title(out, "queue")
        out.print("not on the queue: it has ended")
    else:
        identity = document["identity"]
        _fields(
            out,
            "queue",
            {name: value for name, value in document["queue"].items() if name not in identity},
        )
    if document["retired"] is not None:
        _fields(out, "attempts were retired", document["retired"])
    _list(
        out,
        "attempts",
        document["attempts"],
        (
            "attempt_no",
            "state",
            "claimed_at",
            "completed_at",
            "latency_ms",
            "worker_id",
            "closed_by",
            "rail_reference",
            "error_code",
            "error_message",
        ),
    )
    _list(
        out,
        "late results",
        document["late_results"],
        ("received_at", "state", "outcome", "worker_id", "rail_reference", "late_result_id"),
    )
    _list(
        out, "operators", document["operator_actions"], ("created_at", "action", "actor", "reason")
    )
    if "payload" in document:
        _title(out, "payload")
        # ASCII: what a payload has in it cannot move the cursor
        out.print(json.dumps(document["payload"], indent=2, default=spelled), soft_wrap=True)


def _title(out: Console, text: str) -> None:
    out.print()
    out.print(Text(text, style="bold underline"))


def _fields(out: Console, title: str, document: Mapping[str, Any]) -> None:
    _title(out, title)
    grid = Table(box=None, show_header=False, pad_edge=False)
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in document.items():
        if value is not None:
            grid.add_row(_heading(name), _cell(name, value))
    if out.is_terminal:
        out.print(grid)
        return
    for name, value in document.items():
        if value is not None:
            out.print(Text.assemble(f"{_heading(name)}: ", _cell(name, value)), soft_wrap=True)


def _list(
    out: Console, title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]
) -> None:
    if not rows:
        return
    _title(out, title)
    used = [name for name in columns if any(row[name] is not None for row in rows)]
    show(
        [_heading(name) for name in used],
        [[_cell(name, row[name]) for name in used] for row in rows],
        out=out,
    )


def _heading(name: str) -> str:
    """The name of the column; of a time, where its zone is said."""
    words = name.removesuffix("_at").removesuffix("_id") if name != "outbox_id" else "outbox id"
    words = words.replace("_", " ")
    return f"{words} (UTC)" if name.endswith("_at") else words


def _cell(name: str, value: Any) -> Text:  # noqa: ANN401 - of a JSON document
    if value is None:
        return Text()
    if name.endswith("_at"):
        return Text(instant(value, millis=True))
    if name in {"state", "status", "outcome"}:
        return state(value)
    return plain(value if isinstance(value, str) else json.dumps(value, default=spelled))
