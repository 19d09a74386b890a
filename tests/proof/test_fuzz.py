"""The fuzz sees what it is there to see."""

from __future__ import annotations

import psycopg
import pytest

from proof.fuzz.calls import Fuzz
from proof.fuzz.model import Model
from proof.fuzz.pools import Value
from proof.fuzz.sessions import KINDS, Kind

BROKEN = """
create function public.broken(p_limit integer) returns integer
language {language} as $$ {body} $$;
grant execute on function public.broken to symphony_executor
"""


def given(**values: str | None) -> dict[str, Value]:
    return {name: Value(value) for name, value in values.items()}


def fuzz_with(url: str, language: str, body: str) -> Fuzz:
    """With one function more, and no other."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(BROKEN.format(language=language, body=body).encode())
    fuzz = Fuzz(url, 1, is_head=True)
    fuzz.functions = [function for function in fuzz.functions if function.name == "broken"]
    return fuzz


def test_every_function_is_called_and_holds(database_url: str) -> None:
    fuzz = Fuzz(database_url, 1, is_head=True)
    try:
        outcome = fuzz.run(1_000)
    finally:
        fuzz.close()
    assert outcome.findings == []
    assert len(outcome.codes) > 10
    assert len(outcome.functions) > len(fuzz.functions) / 2


def test_a_new_function_must_be_in_the_document(database_url: str) -> None:
    fuzz = fuzz_with(database_url, "sql", "select 1")
    fuzz.close()
    assert "broken(p_limit) is not in docs/limits.md" in fuzz.outcome.findings


@pytest.mark.parametrize(
    ("language", "body", "expected"),
    [
        ("sql", "select p_limit + 2147483647", "ends with 22003"),
        ("plpgsql", "begin assert false; end", "ends with P0004"),
        ("plpgsql", "begin perform pg_sleep(60); return 1; end", "ends with 57014"),
    ],
)
def test_an_sqlstate_that_is_not_published(
    database_url: str, language: str, body: str, expected: str
) -> None:
    fuzz = fuzz_with(database_url, language, body)
    connection = fuzz._session(fuzz_kind())
    connection.execute("set statement_timeout = '100ms'")
    try:
        fuzz._judge(fuzz_kind(), connection, fuzz.functions[0], given(p_limit="7"), keep=False)
    finally:
        fuzz.close()
    assert [finding for finding in fuzz.outcome.findings if expected in finding]


def fuzz_kind() -> Kind:

    return KINDS[0]


@pytest.mark.parametrize(
    ("values", "code", "column", "expected"),
    [
        (given(p_batch_size="0"), "ok", None, "accepts p_batch_size"),
        (given(p_batch_size=None), "ok", None, "accepts p_batch_size"),
        (given(p_worker_id="x" * 201), "ok", None, "accepts p_worker_id"),
        (given(p_batch_size="1"), "P7118", "p_batch_size", "within its limits"),
        (given(p_batch_size="1"), "42702", None, "not published"),
        (given(p_batch_size="0"), "P7118", "p_batch_size", None),
        (given(p_batch_size="10000", p_worker_id="w"), "ok", None, None),
    ],
)
def test_the_model_judges(
    values: dict[str, Value], code: str, column: str | None, expected: str | None
) -> None:
    found = Model().wrong("claim_outbox_items", values, code, column)
    assert found is None if expected is None else expected in str(found)


def test_a_change_of_state_is_seen(database_url: str) -> None:
    """By a function that leaves what a rollback does not take back to another session."""
    fuzz = Fuzz(database_url, 2, is_head=True)
    try:
        take, stranger = fuzz._digest.take, psycopg.connect(database_url, autocommit=True)
        with stranger:
            held = take()
            stranger.execute("delete from public.outbox_retry_policies")
            assert take() != held
    finally:
        fuzz.close()
