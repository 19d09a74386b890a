"""The plan as a DBA reads and signs it: what waits for what, then statement by statement."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ledgerdb.planning.document import PlanDocument, PlannedBatch, PlannedRevision, PlannedStatement
from ledgerdb.planning.hazards import MEANING
from ledgerdb.planning.measure import block_writers, strongest

__all__ = ["plan_text"]

_UNITS: Final = ("B", "kB", "MB", "GB", "TB")
_STEP: Final = 1024
# They are counted and not listed: they neither wait for anyone nor depend on a size.
_ROUTINE: Final = frozenset({"AUTHZ_UPDATE", "FUNCTION_REPLACED"})
_DAILY: Final = frozenset({"ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE"})
_TABLES_SHOWN: Final = 3
_LINE_CHARS_MAX: Final = 110


def plan_text(plan: PlanDocument) -> str:
    """The whole plan as text."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: PlanDocument) -> Iterator[str]:
    yield f"Plan: database {plan.database}, {plan.revision or 'base'} -> {plan.target or 'base'}"
    yield (
        f"  PostgreSQL {plan.server}, measured on a shadow of PostgreSQL {plan.shadow};"
        f" route {plan.route}; ledgerdb {plan.release}; {plan.made_at}"
    )
    yield f"  schema {plan.schema}"
    yield ""
    if not plan.revisions:
        yield "Nothing is pending."
        return
    yield from _table(
        ("step", "writers wait for", "at most", "all its work", "on"),
        [row for revision in plan.revisions for row in _summary(revision)],
    )
    for revision in plan.revisions:
        yield ""
        yield f"{revision.revision}  {revision.summary}"
        for batch in revision.batches:
            yield from _batch(batch, plan.tables)
    yield ""
    yield from _legend(plan)
    yield ""
    yield "Signed (name, date):"


def _summary(revision: PlannedRevision) -> Iterator[tuple[str, ...]]:
    for batch in revision.batches:
        prepares = batch.phase == "prepare"
        name = f"  {_file_of(batch)}" if prepares else f"{revision.revision} transaction"
        waits = {table: mode for table, mode in batch.locks.items() if block_writers(mode)}
        if waits:
            worst = strongest(waits.values())
            tables = [table for table, mode in waits.items() if mode == worst]
            yield name, worst, batch.work_blocking, batch.work, _some(tables)
        else:
            yield name, "-", "-", batch.work, ""


def _file_of(batch: PlannedBatch) -> str:
    return batch.statements[0].file.partition("/")[2]


def _some(tables: Sequence[str]) -> str:
    more = len(tables) - _TABLES_SHOWN
    return ", ".join(tables[:_TABLES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _batch(batch: PlannedBatch, tables: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    where = "in a transaction of its own" if batch.transaction else "outside of a transaction"
    prepares = f"  {_file_of(batch)}: {batch.operation}, {where}"
    yield prepares if batch.phase == "prepare" else "  transaction"
    for table, mode in sorted(batch.locks.items(), key=lambda item: (item[1], item[0])):
        if mode not in _DAILY:
            yield f"    {mode:<22} {table}{_size(tables.get(table))}"
    file = ""
    for statement in batch.statements:
        if not _is_routine(statement):
            if statement.file != file:
                file = statement.file
                yield f"    {file}"
            yield from _statement(statement)
    if counted := _counted(batch.statements):
        yield f"    and {counted}"


def _is_routine(statement: PlannedStatement) -> bool:
    waited_for = any(mode not in _DAILY for mode in statement.locks.values())
    return not waited_for and {risk.hazard for risk in statement.risks} <= _ROUTINE


def _statement(statement: PlannedStatement) -> Iterator[str]:
    yield f"      {statement.line:>4}  {statement.statement}"
    for mode in sorted({*statement.locks.values()} - _DAILY):
        yield f"            {mode} on {_some([t for t, m in statement.locks.items() if m == mode])}"
    for risk in statement.risks:
        if not risk.hazard.endswith("_LOCK"):
            yield f"            {risk.hazard} {', '.join(risk.tables)}".rstrip()
    for reason in dict.fromkeys(risk.waiver for risk in statement.risks if risk.waiver):
        yield from _wrapped(f"waived: {reason}")
    if statement.work != "instant":
        yield f"            work: {statement.work}"


def _wrapped(text: str) -> list[str]:
    indent = " " * 12
    return textwrap.wrap(text, _LINE_CHARS_MAX, initial_indent=indent, subsequent_indent=indent)


def _counted(statements: Sequence[PlannedStatement]) -> str:
    routine = [statement for statement in statements if _is_routine(statement)]
    names = Counter(risk.hazard for statement in routine for risk in statement.risks)
    names["others"] = len(routine) - sum(1 for statement in routine if statement.risks)
    listed = ", ".join(f"{count} {name}" for name, count in sorted(names.items()) if count)
    plural = "s" if len(routine) > 1 else ""
    return f"{len(routine)} statement{plural} that nobody waits for ({listed})" if routine else ""


def _size(size: Mapping[str, int] | None) -> str:
    if size is None:
        return "  (made by this upgrade)"
    number, unit = float(size["bytes"]), 0
    while number >= _STEP and unit < len(_UNITS) - 1:
        number, unit = number / _STEP, unit + 1
    return f"  ({number:.0f} {_UNITS[unit]}, about {size['rows']:,} rows)"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _legend(plan: PlanDocument) -> Iterator[str]:
    used = {
        risk.hazard
        for revision in plan.revisions
        for batch in revision.batches
        for statement in batch.statements
        for risk in statement.risks
    }
    yield "Hazards"
    for name in (name for name in MEANING if name in used):
        yield f"  {name:<26}{MEANING[name]}"
