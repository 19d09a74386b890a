"""Mutants made by rule: every place of every body where a small mistake can be made.

The places come from PostgreSQL's own scanner, so a string or a comment is never mistaken for code.
What does not compile is no mutant; whoever tries them finds that out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pglast.parser import scan

from proof.mutants.mutant import FUNCTIONS, Mutant

__all__ = ["generate"]

_SWAPPED: Final = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "<>", "<>": "=", "+": "-", "-": "+",
    "and": "or", "or": "and", "true": "false", "false": "true", "greatest": "least",
    "least": "greatest", "min": "max", "max": "min", "bool_or": "bool_and", "bool_and": "bool_or",
}  # fmt: skip
_OPENS: Final = frozenset({"(", "[", "case"})
_CLOSES: Final = frozenset({")", "]", "end"})
_BEGINS_OPERAND: Final = frozenset(
    """and or where when if elsif on having then else filter select , := return""".split()  # noqa: SIM905
)
_ENDS_OPERAND: Final = frozenset(
    """and or then when else group order limit for returning loop union ; , from inner left cross
    join where on as do into with""".split()  # noqa: SIM905
)
_OLD: Final = "\0"  # what is replaced, in what replaces it
_WORD: Final = re.compile(r"'[A-Z][A-Z_*]+'")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int
    depth: int


@dataclass(frozen=True, slots=True)
class _Change:
    kind: str
    start: int
    end: int
    new: str


def generate() -> list[Mutant]:
    """All of them, in the order of functions and places."""
    return [
        mutant
        for path in sorted(FUNCTIONS.glob("*.sql"))
        for mutant in _of(path.stem, path.read_text("utf-8"))
    ]


def _of(function: str, text: str) -> Iterator[Mutant]:
    start, end = _body(text)
    seen: set[str] = set()
    for change in _changes(_tokens(text, start, end)):
        old = text[change.start : change.end]
        mutated = text[: change.start] + change.new.replace(_OLD, old) + text[change.end :]
        if mutated not in seen and mutated != text:
            seen.add(mutated)
            line = text.count("\n", 0, change.start) + 1
            yield Mutant(f"{function}:{line} {change.kind}", function, mutated)


def _body(text: str) -> tuple[int, int]:
    """Where the statements of a file's function are."""
    if "begin atomic" in text:
        start = text.index("begin atomic") + len("begin atomic")
        return start, text.index("\nend;", start)
    start = text.index("$function$") + len("$function$")
    return text.index("begin\n", start) + len("begin"), text.index("\nend;\n$function$", start)


def _tokens(text: str, start: int, end: int) -> list[_Token]:
    """Of a body; those of a `raise` are left out: messages and hints are no promise."""
    tokens: list[_Token] = []
    depth, raises, ends = 0, False, False
    for token in scan(text[start:end]):
        if token.name in {"SQL_COMMENT", "C_COMMENT"}:
            continue
        found = text[start + token.start : start + token.end + 1].lower()
        if token.name == "SCONST":
            found = text[start + token.start : start + token.end + 1]
        raises = found == "raise" or (raises and found != ";")
        if raises:
            continue
        closes_block = ends and found in {"if", "loop", ";"}
        ends = found == "end"
        if closes_block and found != ";":
            continue
        if found in _CLOSES:
            depth -= found != "end" or _ends_case(text, start + token.end + 1)
        tokens.append(_Token(found, start + token.start, start + token.end + 1, depth))
        depth += found in _OPENS
    return tokens


def _ends_case(text: str, at: int) -> bool:
    """Whether this `end` is of a case expression, and not of a block."""
    return re.match(r"\s*(if\b|loop\b|;)", text[at:]) is None


def _changes(tokens: list[_Token]) -> Iterator[_Change]:
    assigned = _assignments(tokens)
    between = _betweens(tokens)
    for place, token in enumerate(tokens):
        before = tokens[place - 1].text if place else ""
        after = [one.text for one in tokens[place + 1 : place + 6]] + [""] * 5
        if token.text in _SWAPPED and place not in assigned and place not in between:
            yield _Change(
                f"{token.text} for {_SWAPPED[token.text]}",
                token.start,
                token.end,
                _SWAPPED[token.text],
            )
        if token.text in {"and", "or"} and place not in between:
            yield from _dropped_operands(tokens, place)
        if token.text in {"if", "elsif", "when"} and after[0] != "":
            yield from _negated(tokens, place)
        yield from _words(tokens, place, before, after)
        yield from _clauses(tokens, place, after)
    yield from _statements(tokens)
    for place in sorted(assigned):
        yield from _dropped_assignment(tokens, place)


def _assignments(tokens: list[_Token]) -> set[int]:
    """The `=` of `update ... set`."""
    found: set[int] = set()
    depth: int | None = None
    for place, token in enumerate(tokens):
        if token.text == "set":
            depth = token.depth
        elif depth is not None and (
            token.depth < depth
            or (token.depth == depth and token.text in {"from", "where", "returning", ";"})
        ):
            depth = None
        elif token.text == "=" and token.depth == depth:
            found.add(place)
    return found


def _betweens(tokens: list[_Token]) -> set[int]:
    """The `and` of `between ... and`."""
    found: set[int] = set()
    waiting: list[int] = []
    for place, token in enumerate(tokens):
        if token.text == "between":
            waiting.append(token.depth)
        elif token.text == "and" and waiting and waiting[-1] == token.depth:
            waiting.pop()
            found.add(place)
    return found


def _dropped_operands(tokens: list[_Token], place: int) -> Iterator[_Change]:
    here = tokens[place]
    first = place
    while first and not _bounds(tokens[first - 1], here.depth, _BEGINS_OPERAND, opens=True):
        first -= 1
    last = place
    while last + 1 < len(tokens) and not _bounds(tokens[last + 1], here.depth, _ENDS_OPERAND):
        last += 1
    if first < place < last:
        yield _Change("left condition dropped", tokens[first].start, tokens[place + 1].start, "")
        yield _Change("right condition dropped", here.start, tokens[last].end, "")


def _bounds(token: _Token, depth: int, words: frozenset[str], *, opens: bool = False) -> bool:
    if token.depth < depth:
        return True
    if opens and token.depth == depth - 1 and token.text in _OPENS:
        return True
    return token.depth == depth and token.text in words


def _negated(tokens: list[_Token], place: int) -> Iterator[_Change]:
    here, ends = tokens[place], place + 1
    while ends < len(tokens) and not (
        tokens[ends].text == "then" and tokens[ends].depth == here.depth
    ):
        if tokens[ends].text == ";":
            return
        ends += 1
    if ends < len(tokens):
        start, end = tokens[place + 1].start, tokens[ends - 1].end
        yield _Change(f"{here.text} negated", start, end, f"not coalesce(({_OLD}), false)")
        yield _Change(f"{here.text} never", start, end, "false")


def _words(tokens: list[_Token], place: int, before: str, after: list[str]) -> Iterator[_Change]:
    token = tokens[place]
    if token.text == "exists" and before != "not":
        yield _Change("exists negated", token.start, token.end, "not exists")
    if token.text == "not" and after[0] not in {"materialized", "null"}:
        yield _Change("not dropped", token.start, token.end, "")
    if token.text == "is" and after[0] == "null":
        yield _Change("is not null", token.start, token.end, "is not")
    if token.text == "is" and after[0] == "not":
        yield _Change("is not turned", token.start, tokens[place + 1].end, "is")
    if token.text == "is" and after[0] == "distinct":
        yield _Change("is distinct turned", token.start, token.end, "is not")
    if token.text.isdecimal():
        yield _Change("one more", token.start, token.end, str(int(token.text) + 1))
    if _WORD.fullmatch(token.text):
        yield _Change("another word", token.start, token.end, f"{token.text[:-1]}_'")
        if token.text in {"'FAILED'", "'DISPATCHED'", "'RETRYABLE'"}:
            other = "'FAILED'" if token.text != "'FAILED'" else "'DISPATCHED'"
            yield _Change("another state", token.start, token.end, other)
    if token.text == "clock_timestamp":
        yield _Change("now()", token.start, token.end, "now")
    if token.text == "." and before.isidentifier() and after[0].isidentifier():
        yield from _nothing(tokens, place)


def _nothing(tokens: list[_Token], place: int) -> Iterator[_Change]:
    """A column that is an element of a list becomes null."""
    if place + 2 >= len(tokens) or place < 2:  # noqa: PLR2004 - a dot has two sides
        return
    left, right = tokens[place - 2].text, tokens[place + 2].text
    if (left in {",", "select"} and right in {",", "from"}) or (left == "," and right == ")"):
        yield _Change("null", tokens[place - 1].start, tokens[place + 1].end, "null")


def _clauses(  # noqa: PLR0912 - one branch a clause
    tokens: list[_Token], place: int, after: list[str]
) -> Iterator[_Change]:
    token = tokens[place]
    if token.text == "for" and after[0] == "update":
        last = place + 1
        while tokens[last + 1].text in {"of", "skip", "locked"} or tokens[last].text == "of":
            last += 1
        yield _Change("lock dropped", token.start, tokens[last].end, "")
        if tokens[last].text == "locked":
            yield _Change("skip locked dropped", tokens[last - 1].start, tokens[last].end, "")
        else:
            yield _Change("skip locked added", tokens[last].end, tokens[last].end, " skip locked")
    if token.text == "conflict":
        last = place
        while tokens[last].text not in {"nothing", "update"}:
            last += 1
        if tokens[last].text == "nothing":
            yield _Change("on conflict dropped", tokens[place - 1].start, tokens[last].end, "")
    if token.text == "desc":
        yield _Change("desc dropped", token.start, token.end, "")
    if token.text == "by" and tokens[place - 1].text == "order":
        last = _end_of(tokens, place, {",", "limit", "for", ";", "rows"})
        if tokens[last].text != "desc":
            yield _Change("desc", tokens[last].end, tokens[last].end, " desc")
    if token.text == "limit":
        last = _end_of(tokens, place, {"for", ";"})
        yield _Change("limit dropped", token.start, tokens[last].end, "")
    if token.text == "coalesce":
        last = _end_of(tokens, place + 1, set(), inside=True)
        comma = next(
            (
                at
                for at in range(place + 2, last)
                if tokens[at].text == "," and tokens[at].depth == token.depth + 1
            ),
            None,
        )
        if comma is not None:
            yield _Change("fallback dropped", tokens[comma].start, tokens[last].end, "")


def _end_of(tokens: list[_Token], place: int, words: set[str], *, inside: bool = False) -> int:
    """The last token before one of the words, or before what is around ends."""
    depth = tokens[place].depth + inside
    last = place
    while last + 1 < len(tokens):
        following = tokens[last + 1]
        if following.depth < depth or (following.depth == depth and following.text in words):
            break
        last += 1
    return last


def _dropped_assignment(tokens: list[_Token], place: int) -> Iterator[_Change]:
    name = tokens[place - 1]
    last = _end_of(tokens, place, {",", "from", "where", "returning", ";"})
    before, after = tokens[place - 2].text, tokens[last + 1].text if last + 1 < len(tokens) else ""
    if after == ",":
        yield _Change(f"set {name.text} dropped", name.start, tokens[last + 1].end, "")
    elif before == ",":
        yield _Change(f"set {name.text} dropped", tokens[place - 2].start, tokens[last].end, "")


def _statements(tokens: list[_Token]) -> Iterator[_Change]:
    """Each simple statement of a plpgsql body is left out once."""
    start = 0
    for place, token in enumerate(tokens):
        if token.text == ";":
            first = tokens[start]
            if place > start and first.depth == token.depth and first.text not in {"end", "null"}:
                yield _Change("statement dropped", first.start, token.end, "null;")
            start = place + 1
        elif token.text in {"then", "else", "loop"} and token.depth == tokens[start].depth:
            start = place + 1
