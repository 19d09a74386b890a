"""docs/limits.md is what the functions do: each limit is tried on both of its sides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import psycopg
import pytest

import ledgerdb.rows.limits
from proof.digest import Digest
from proof.limits import Clause, Row, rows
from tests.limits.site import Site
from tests.limits.values import values

ROWS = rows()
FUNCTIONS = sorted({row.function for row in ROWS})
# About the state of rows and not about a parameter: they name none.
OF_STATE = {"23503", "P7002", "P7004", "P7202"}
SPELLED = {"timestamp with time zone": "timestamptz", "NULL": "null"}
NUMBERS = {"numeric", "double precision"}
PARAMETERS = """
select p.proname::text, a.name, format_type(a.type, null),
    case when a.place > p.pronargs - p.pronargdefaults then
        pg_get_function_arg_default(p.oid, a.place::integer) else '' end
from pg_proc as p
cross join lateral unnest(p.proargnames[:p.pronargs], p.proargtypes::oid[]) with ordinality
    as a (name, type, place)
where p.pronamespace = 'public'::regnamespace and p.prorettype <> 'trigger'::regtype
    and p.proname !~ '^_'
"""


@pytest.fixture
def site(connection: psycopg.Connection[Any]) -> Site:
    return Site(connection)


def test_the_table_has_one_row_for_every_parameter(connection: psycopg.Connection[Any]) -> None:
    connection.execute("set search_path = pg_catalog, public")
    found = connection.execute(PARAMETERS).fetchall()
    assert sorted(
        (function, parameter, _type(function, kind), _default(default))
        for function, parameter, kind, default in found
    ) == sorted((row.function, row.parameter, row.type, row.default) for row in ROWS)


def _type(function: str, kind: str) -> str:
    return (
        "number" if function == "set_retry_policy" and kind in NUMBERS else SPELLED.get(kind, kind)
    )


def _default(default: str) -> str:
    value = default.split("::", maxsplit=1)[0].strip("'")
    return SPELLED.get(value, value)


def test_the_constants_of_python_are_those_of_the_table() -> None:
    maxima = {name for name in ledgerdb.rows.limits.__all__ if name.endswith("_MAX")}
    assert {row.constant for row in ROWS if row.constant} == maxima
    for row in ROWS:
        if row.constant:
            numbers = {
                int(number) for clause in row.clauses for number in re.findall(r"\d+", clause.limit)
            }
            assert getattr(ledgerdb.rows, row.constant) in numbers, row


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_limits_of(site: Site, function: str) -> None:
    digest = Digest(site.connection)
    before = digest.take()
    seen = 0
    for row in (row for row in ROWS if row.function == function):
        for clause in row.clauses:
            for within, given in _cases(site, row, clause):
                _Case(site, row, clause, given).check(within=within)
                seen += 1
    assert seen >= 1
    assert digest.take() == before


def _cases(site: Site, row: Row, clause: Clause) -> Iterator[tuple[bool, dict[str, Any]]]:
    """Calls, each with whether it is within the limit."""
    call = site.calls[row.function]
    counted = re.match(r"1 to (\d+) (?:ids|items)", clause.limit)
    if not counted:
        cases = values(site, row, clause)
        for within, samples in ((True, cases.within), (False, cases.outside)):
            for sample in samples:
                yield within, {**call, row.parameter: [sample] if clause.each else sample}
        return
    most = int(counted[1])
    lists = [name for name, value in call.items() if isinstance(value, list)]
    yield False, {**call, **{name: _many(call[name], most + 1) for name in lists}}
    if row.parameter not in lists:  # an optional one
        yield True, {**call, row.parameter: None}
        yield False, {**call, row.parameter: [None, None]}
        return
    yield False, {**call, row.parameter: None}
    yield False, {**call, row.parameter: []}
    yield len(lists) == 1, {**call, row.parameter: _many(call[row.parameter], 2)}
    if row.parameter == lists[0]:
        yield True, {**call, **{name: _many(call[name], most) for name in lists}}


def _many(sample: Sequence[Any], count: int) -> list[Any]:
    """As many as asked for, each different where the value is free to be."""
    value = sample[0]
    if isinstance(value, str) and len(value) == 1:
        return [f"{value}{number}" for number in range(count)]
    if isinstance(value, str) or count > 2:
        return [value] * count
    return [value, uuid4()]


class _Case:
    """One call."""

    def __init__(self, site: Site, row: Row, clause: Clause, call: dict[str, Any]) -> None:
        self.site, self.row, self.clause, self.call = site, row, clause, call

    def check(self, *, within: bool) -> None:
        """It is accepted, and nothing of it kept; or it ends as the table says."""
        refused: psycopg.Error | None = None
        try:
            with self.site.connection.transaction(force_rollback=True):
                found = self._execute()
                if not within:
                    self._check_outside(found)
        except psycopg.Error as error:
            refused = error
        if refused is None:
            return
        diagnostics = refused.diag
        assert (within, refused.sqlstate) == (False, self.clause.outside), (self, refused)
        if refused.sqlstate not in OF_STATE:
            assert diagnostics.column_name == self.clause.column, self
            assert diagnostics.constraint_name == self.clause.limit, self

    def _execute(self) -> list[Any]:
        types = {row.parameter: row.type for row in ROWS if row.function == self.row.function}
        passed = ", ".join(f"{name} => cast(%s as {_cast(types[name])})" for name in self.call)
        return self.site.queue.rows(
            f"select * from public.{self.row.function}({passed})", *self.call.values()
        )

    def _check_outside(self, found: list[Any]) -> None:
        match self.clause.outside:
            case "no row":
                assert found == [], self
            case "null":
                assert [tuple(row) for row in found] == [(None,)], self
            case "late":
                assert found[0].outcome in ("UNKNOWN", "EXPIRED"), self
            case "cut":
                most = int(re.findall(r"\d+", self.clause.limit)[0])
                assert self._stored() == self._given()[:most], self
            case "dropped":
                assert self._stored() is None, self
            case "nearest":
                assert self._delay() == min(max(self._given(), 0), 604_800), self
            case _:
                pytest.fail(f"not refused: {self}")

    def _given(self) -> Any:  # noqa: ANN401 - whatever the parameter is
        value = self.call[self.row.parameter]
        return value[0] if self.clause.each else value

    def _item(self) -> object:
        single = self.call.get("p_outbox_id")
        return single or self.call["p_outbox_ids"][0]

    def _stored(self) -> Any:  # noqa: ANN401 - whatever the column is
        if self.row.parameter == "p_trace_context":
            return self.site.queue.value(
                "select trace_context from public.payment_outbox_pending where instruction_id = %s",
                self.call["p_instruction_id"],
            )
        names = ("latency_ms", "rail_code", "error_code", "error_message")
        (column,) = (name for name in names if self.row.parameter.startswith(f"p_{name}"))
        return self.site.queue.value(
            f"""select {column} from public.payment_outbox_attempts where outbox_id = %s
            order by attempt_no desc limit 1""",
            self._item(),
        )

    def _delay(self) -> float:
        return float(
            self.site.queue.value(
                """select extract(epoch from p.next_attempt_at - a.completed_at)
                from public.payment_outbox_pending as p
                join public.payment_outbox_attempts as a using (outbox_id)
                where p.outbox_id = %s order by a.attempt_no desc limit 1""",
                self._item(),
            )
        )

    def __repr__(self) -> str:
        return f"{self.row.function}({self.row.parameter} => {str(self._given())[:80]!r})"


def _cast(kind: str) -> str:
    return {"number": "numeric"}.get(kind, kind.replace("outbox_", "public.outbox_"))
