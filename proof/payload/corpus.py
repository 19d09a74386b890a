"""Request bodies whose bytes are easily lost: a parser and a serializer would give others."""

from __future__ import annotations

import json
import random
from typing import Final

from ledgerdb.rows import PAYLOAD_BYTES_MAX

__all__ = ["CHOSEN", "drawn", "of_size", "respelled"]

CHOSEN: Final[tuple[str, ...]] = (
    "{}",
    " \t\r\n{ } \n",
    '{"amount": "10.00", "currency": "EUR"}',
    '{"currency":"EUR","amount":"10.00"}',
    '{"n":[1.0,1e2,0.10,-0,-0.0,1E-7,1e+3,100,1e0]}',
    '{"n":1234567890123456789012345,"f":0.1234567890123456789012345}',
    '{"n":[1e131071,1e-16383]}',
    '{"t":"é","u":"e\u0301","v":"\\u00e9","w":"😀","x":"\\ud83d\\ude00","y":"\\uD83D\\uDE00"}',
    '{"t":"\u2028\u2029\x7f\ufeff\u202e","u":"日本語","v":"\U0010ffff"}',
    '{"e":"\\/ / \\b\\f\\n\\r\\t\\"\\\\ \\u002f \\u0041"}',
    '{"":{"":{"":[]}}}',
    '{"b":1,"a":2,"\\u0063":3,"ä":4}',
    '{"a":[[[[[[[[[[{"b":[null,true,false,[],{}]}]]]]]]]]]]}',
    '{\n  "pretty": [\n    1,\n    2\n  ]\n}\n',
    '{"a":1 , "b" :2,"c":\t3}',
    '{"a":' + "[" * 500 + "]" * 500 + "}",
    '{"k' + "x" * 5_000 + '":"' + "y" * 100_000 + '"}',
)
_SPACES: Final = ("", "", "", " ", "\n", "\t", "  ")
_NUMBERS: Final = ("0", "-0", "1.0", "1e2", "0.10", "1E-2", "-7", "12345678901234567890.50")
_LETTERS: Final = "abcXYZ /'0é\u0301ß日😀\u2028\x7f"
_ESCAPES: Final = ("\\n", "\\/", "\\u00e9", "\\ud83d\\ude00", '\\"', "\\\\", "\\u0020")


def drawn(count: int, seed: int) -> list[str]:
    """Random documents, with random white space, escapes and spellings of numbers."""
    choice = random.Random(seed)
    return [_object(choice, 4) for _ in range(count)]


def of_size(size: int) -> bytes:
    """A document of exactly so many bytes, as a batch of transfers looks."""
    transfer = {"amount": "10.00", "currency": "EUR", "creditor": "Zoë Müller", "end_to_end": "x"}
    text = json.dumps({"note": "", "transfers": [transfer] * (size // 160)}, ensure_ascii=False)
    missing = size - len(text.encode())
    assert 0 <= missing <= PAYLOAD_BYTES_MAX  # noqa: S101 - of our own sizes
    return text.replace('"note": ""', f'"note": "{"n" * missing}"').encode()


def respelled(text: str) -> list[str]:
    """The same JSON value in other bytes: white space at its end, and keys in reverse order."""
    document = json.loads(text)
    others = [text + " "]
    if len(document) > 1:
        others.append(json.dumps(dict(reversed(document.items())), ensure_ascii=False))
    return [other for other in others if other != text]


def _object(choice: random.Random, depth: int) -> str:
    names = {_string(choice) for _ in range(choice.randint(0, 4))}
    unique = {json.loads(name): name for name in sorted(names)}
    pairs = [f"{name}{_space(choice)}:{_value(choice, depth - 1)}" for name in unique.values()]
    return _space(choice) + "{" + ",".join(pairs) + _space(choice) + "}" + _space(choice)


def _value(choice: random.Random, depth: int) -> str:
    kind = choice.choice(("number", "string", "word", *(("object", "array") if depth > 0 else ())))
    if kind == "number":
        text = choice.choice(_NUMBERS)
    elif kind == "string":
        text = _string(choice)
    elif kind == "word":
        text = choice.choice(("null", "true", "false"))
    elif kind == "object":
        text = _object(choice, depth)
    else:
        items = (_value(choice, depth - 1) for _ in range(choice.randint(0, 3)))
        text = f"[{','.join(items)}]"
    return _space(choice) + text + _space(choice)


def _string(choice: random.Random) -> str:
    pieces = [*_LETTERS, *_ESCAPES]
    return '"' + "".join(choice.choices(pieces, k=choice.randint(0, 8))) + '"'


def _space(choice: random.Random) -> str:
    return choice.choice(_SPACES)
