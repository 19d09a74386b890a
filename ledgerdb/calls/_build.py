"""What a call is, and how its statement is made from the SQL function's signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Executable, TextClause, text

T = TypeVar("T")

# The arguments of every function that operators act through.
OPERATOR: Final = {"p_actor": "text", "p_reason": "text"}


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One call of one SQL function, as a value: `sync.run` and `aio.arun` execute it alike.

    Attributes:
        function: name of the SQL function in schema public.
        statement: the SQL, arguments by name.
        parameters: values of the arguments, checked for type.
        shape: turns the rows of the result into typed rows.
        writes: True where the function writes: a broken connection then means an unknown outcome.
        replays: True where the same call again, after an unknown outcome, gives that outcome and
            changes nothing; the facades then call it again themselves.
        advice: what to do about an unknown outcome.
    """

    function: str
    statement: Executable
    parameters: Mapping[str, object]
    shape: Callable[[Sequence[Any]], T]
    writes: bool
    replays: bool = False
    advice: str = "call it again with the same arguments to learn"


def statement(function: str, arguments: Mapping[str, str], columns: Sequence[str]) -> TextClause:
    """The SQL of a call: every argument by name and with its SQL type, so that none is guessed from
    a value.
    """
    passed = ", ".join(f"{name} => cast(:{name} as {kind})" for name, kind in arguments.items())
    # names of our own, no values
    return text(f"select {', '.join(columns)} from public.{function}({passed}) as t")  # noqa: S608


def columns_of(row: type) -> tuple[str, ...]:
    """The columns of a row class, qualified by the function's alias. A payload comes as text: the
    driver would make floats of its numbers.
    """
    return tuple(
        "cast(t.payload as text)" if field.name == "payload" else f"t.{field.name}"
        for field in fields(row)
    )
