"""Which identifiers an enqueue takes: the short way to say yes says it to nothing else."""

from __future__ import annotations

from itertools import product

import psycopg
import pytest

from tests.sql.queue import Queue

CODES = ("P7112", "P7113", "P7114", "P7115")  # in the order of the parameters
PLAIN = ("i", "p", "k", "RTGS")


def enqueue(queue: Queue, identifiers: tuple[str | None, ...]) -> None:
    instruction, participant, key, rail = identifiers
    queue.rows(
        "select * from public.enqueue_payment_outbox(%s, %s, %s, %s, '{}')",
        *(instruction, participant, key, rail),
    )


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize(
    "value", ["x", "!~", "x y", "é", "\u3000x", "x" * 200, "é" * 200], ids=ascii
)
def test_what_keeps_the_rule_is_taken(queue: Queue, place: int, value: str) -> None:
    enqueue(queue, (*PLAIN[:place], value, *PLAIN[place + 1 :]))


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize(
    "value", [None, "", " ", " x", "x ", "a\nb", "x\n", "\nx", "x\x7f", "x" * 201], ids=ascii
)
def test_what_breaks_it_is_refused(queue: Queue, place: int, value: str | None) -> None:
    with pytest.raises(psycopg.Error) as refused:
        enqueue(queue, (*PLAIN[:place], value, *PLAIN[place + 1 :]))
    assert refused.value.sqlstate == CODES[place]
    assert queue.value("select count(*) from public.payment_outbox_identities") == 0


def test_no_line_of_one_stands_for_another(queue: Queue) -> None:
    """Each of two to four places with nothing, with lines, or with something plain."""
    given = list(product((None, "", "x", "a\nb", "a\nb\nc"), repeat=4))
    taken = queue.value(
        """select count(*) from unnest(%s::text[], %s::text[], %s::text[], %s::text[])
            as g (i, p, k, r)
        where public._is_identifier(i) and public._is_identifier(p)
            and public._is_identifier(k) and public._is_identifier(r)""",
        *map(list, zip(*given, strict=True)),
    )
    assert taken == 1
    for identifiers in given:
        if identifiers != ("x", "x", "x", "x"):
            with pytest.raises(psycopg.Error, match="must be 1 to 200 characters"):
                enqueue(queue, identifiers)
