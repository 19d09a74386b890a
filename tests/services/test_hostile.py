"""Hostile input, each with a clean answer: bodies in a table, and framing over a raw socket."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples.services.ingress.body import BODY_BYTES_MAX
from examples.services.ingress.envelope import parse
from ledgerdb.rows import PAYLOAD_BYTES_MAX
from ledgerdb.stores import AsyncPostgresStore
from tests.services.ingress import SUBMIT, Served, envelope, serving
from tests.services.test_ingress import problem

GOOD = envelope("hostile")
DEEP = 100_000


def payload(text: str | bytes) -> bytes:
    """A body with a payload that may be no JSON."""
    content = text if isinstance(text, bytes) else text.encode()
    return GOOD[: GOOD.index(b'"payload"')] + b'"payload":' + content + b"}"


_IDENTIFIERS: dict[str, object] = {
    "empty": "",
    "a blank": " ",
    "a blank at its end": "x ",
    "too long": "x" * 201,
    "too long, four bytes each": "\N{GRINNING FACE}" * 201,
    "a NUL": "a\x00b",
    "a newline": "a\nb",
    "a newline at its end": "ab\n",
    "an escape": "a\x1b[2Jb",
    "a delete": "a\x7f",
    "a C1 control": "a\x85b",
    "a number": 1,
    "a list": ["x"],
    "an object": {"x": 1},
    "null": "\x00",
    "true": True,
}
_NO_UUIDS: tuple[object, ...] = (
    "",
    "x",
    "0" * 32,
    "urn:uuid:0f000000-0000-4000-8000-000000000001",
    1,
    [],
)
BODIES = {
    "nothing": b"",
    "blanks": b" \n\t",
    "no JSON": b"\x00\x01\x02",
    "a list": b"[]",
    "a string": b'"x"',
    "a number": b"1e999",
    "null": b"null",
    "half": GOOD[:-9],
    "two documents": GOOD + GOOD,
    "a trailing comma": GOOD[:-1] + b",}",
    "a comment": b"/**/" + GOOD,
    "single quotes": GOOD.replace(b'"', b"'"),
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "UTF-32": GOOD.decode().encode("utf-32"),
    "two tenants": b'{"tenant_id":"0f000000-0000-4000-8000-000000000002",' + GOOD[1:],
    "two tenants, one escaped": GOOD[:-1] + b',"tenant\\u005fid":"x"}',
    "two payloads": GOOD[:-1] + b',"payload":{}}',
    "two payloads that are equal": GOOD[:-1]
    + b',"payload":{"amount": "10.00", "currency": "EUR"}}',
    "two unknown members": GOOD[:-1] + b',"x":1,"x":1}',
    "an unknown member": envelope(1, x=1),
    "thousands of unknown members": GOOD[:-1]
    + b"".join(b',"x%d":1' % number for number in range(9_000))
    + b"}",
    "an unknown member with a name of 1 MB": GOOD[:-1] + b',"' + b"x" * 1_000_000 + b'":1}',
    "a name in another case": GOOD.replace(b"tenant_id", b"Tenant_Id"),
    "__proto__": envelope(1, __proto__={}),
    "no payload": b'{"tenant_id":"0f000000-0000-4000-8000-000000000001"}',
    "a deep list": payload("[" * DEEP + "]" * DEEP),
    "a deep payload": payload('{"a":' * DEEP + "1" + "}" * DEEP),
    "a deep payload that ends early": payload('{"a":' * DEEP),
    "a deep identifier": GOOD.replace(b'"RTGS"', b"[" * DEEP + b"]" * DEEP),
    "a deep member of an unknown name": envelope(1)[:-1]
    + b',"x":'
    + b"[" * 5_000
    + b"]" * 5_000
    + b"}",
    "101 deep": payload('{"a":' + "[" * 99 + "]" * 99 + "}"),
    "101 deep, with brackets in strings": payload(
        '{"a":' + '["]", ' * 99 + "0" + ', "["]' * 99 + "}"
    ),
    "the payload null": payload("null"),
    "the payload a list": payload("[{}]"),
    "the payload a string": payload('"{}"'),
    "the payload a number": payload("1"),
    "NaN": payload('{"a": NaN}'),
    "Infinity": payload('{"a": Infinity}'),
    "-Infinity": payload('{"a": -Infinity}'),
    "1e999": payload('{"a": 1e999}'),
    "-1E+999": payload('{"a": [{"b": -1E+999}]}'),
    "1e-999": payload('{"a": 1e-999}'),
    "1e999999999999": payload('{"a": 1e999999999999}'),
    "1e999999999999999999999": payload('{"a": 1e999999999999999999999}'),
    "400 digits": payload('{"a": ' + "9" * 400 + "}"),
    "10,000 digits": payload('{"a": -' + "9" * 10_000 + "}"),
    "250 digits with an exponent": payload('{"a": ' + "9" * 250 + "e99}"),
    "1e999 after strings": payload('{"a\\\\": "\\"", "b": 1E999}'),
    "a leading zero": payload('{"a": 01}'),
    "a plus": payload('{"a": +1}'),
    "hexadecimal": payload('{"a": 0x10}'),
    "a number without a digit after its point": payload('{"a": 1.}'),
    "a number that begins with its point": payload('{"a": .5}'),
    "invalid UTF-8": payload(b'{"a": "\xff\xfe"}'),
    "overlong UTF-8": payload(b'{"a": "\xc0\x80"}'),
    "a surrogate in UTF-8": payload(b'{"a": "\xed\xa0\x80"}'),
    "a lone surrogate": payload('{"a": "\\ud800"}'),
    "a lone low surrogate": payload('{"a": "\\udc00"}'),
    "surrogates in the wrong order": payload('{"a": "\\udc00\\ud800"}'),
    "an escaped NUL": payload('{"a": "\\u0000"}'),
    "a NUL": payload(b'{"a": "\x00"}'),
    "a control character": payload(b'{"a": "\x1f"}'),
    "a newline in a string": payload(b'{"a": "\n"}'),
    "an unknown escape": payload('{"a": "\\x41"}'),
    "a name twice": payload('{"a": 1, "a": 1}'),
    "a name twice, far down": payload('{"a": [{"b": {"c": 1, "c": 2}}]}'),
    "a name twice, once escaped": payload('{"a": 1, "\\u0061": 2}'),
    "an identifier of 1 MB": envelope(1, instruction_id="x" * 1_000_000),
    "an identifier of 1 MB of blanks": envelope(1, instruction_id=" " * 1_000_000),
    **{
        f"{name}: {what}": envelope(1, **{name: value})
        for name in ("instruction_id", "idempotency_key", "rail_type")
        for what, value in _IDENTIFIERS.items()
    },
    **{f"tenant_id: {value!r}": envelope(1, tenant_id=value) for value in _NO_UUIDS},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_hostile_body_is_a_400_with_its_field(ingress: Served, body: bytes) -> None:
    errors = problem(ingress.submit(body), 400, "invalid-request")
    assert errors
    for error in errors:
        assert error["rule"]
        assert len(error["field"]) <= 100
    assert len(errors) <= 50


def test_bytes_that_are_no_text_are_named_beside_the_other_errors(ingress: Served) -> None:
    body = payload(b'{"a": "' + b"x" * 100_000 + b'\xff"}').replace(b'"RTGS"', b'""')
    errors = problem(ingress.submit(body), 400, "invalid-request")
    assert [error["field"] for error in errors] == ["rail_type", "payload"]
    assert errors[1]["rule"] == "UTF-8"


def test_nothing_of_that_was_written(ingress: Served, database: psycopg.Connection[Any]) -> None:
    assert ingress.submit(GOOD).status_code == 202
    row = database.execute(
        "select count(*) from public.payment_outbox_identities where instruction_id = %s"
        " or instruction_id = 'instruction-1'",
        ["instruction-hostile"],
    ).fetchone()
    assert row == (1,)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1e308, "b": -1.5E-300, "c": 0e999, "g": 5e-324, "h": 1e0000001}',
        '{"d": "1e999", "e": "\\"1e999", "f": 0.10}',
        '{"\\u0061": "\\ud83d\\ude00", "\N{GRINNING FACE}": ""}',
        '{"a": "\\\\u0000"}',
        "{}",
        '{"a": ' + "9" * 300 + ', "b": 0.' + "9" * 10_000 + "}",
        '{"a":' + "[" * 98 + "]" * 98 + ', "b": "' + "[" * 200 + '\\"[\\\\"}',
        '{"a": [' + "[{}]," * 1_000 + "0]}",
        ' { "a" : [ ] } ',
    ],
)
def test_what_only_looks_hostile_is_taken(ingress: Served, text: str) -> None:
    name = f"odd-{hash(text)}"
    response = ingress.submit(payload(text).replace(b"-hostile", name.encode()))
    assert response.status_code == 202, response.text


@pytest.mark.parametrize(
    "name",
    ["\N{GRINNING FACE}" * 200, "a'; drop table tenants; --", "../../etc", "\u202eabc", "a b", "é"],
)
def test_an_odd_identifier_is_taken_and_found(ingress: Served, name: str) -> None:
    acknowledgement = ingress.submit(envelope(1, instruction_id=name)).json()
    response = ingress.submit(envelope(1, instruction_id=name))
    location = response.headers["location"]
    assert response.json() == {**acknowledgement, "replayed": True}
    with raw(ingress, f"GET {location} HTTP/1.1", ingress.headers()) as answer:
        assert answer.status == 200
        assert json.loads(answer.body)["instruction_id"] == name


@pytest.mark.parametrize("path", ["%00", "a%00", "%ff", "%0a", "%20", "x" * 201, ""])
def test_a_hostile_path(ingress: Served, path: str) -> None:
    with raw(ingress, f"GET /v1/evidence-packs/{path} HTTP/1.1", ingress.headers()) as answer:
        assert answer.status in (400, 404)


def test_the_payloads_limit_is_exact(ingress: Served) -> None:
    for size, status in ((PAYLOAD_BYTES_MAX, 202), (PAYLOAD_BYTES_MAX + 1, 413)):
        filled = b'{"a":"' + b"x" * (size - 8) + b'"}'
        assert len(filled) == size
        assert ingress.submit(envelope("large", filled)).status_code == status


def test_413_over_the_bodys_limit(ingress: Served) -> None:
    body = envelope("padded") + b" " * BODY_BYTES_MAX
    (error,) = problem(ingress.submit(body), 413, "too-large")
    assert error == {"field": "body", "rule": f"at most {BODY_BYTES_MAX} bytes"}

    def chunks() -> Iterator[bytes]:
        yield from (body[start : start + 60_000] for start in range(0, len(body), 60_000))

    streamed = ingress.client.post(SUBMIT, content=chunks(), headers=ingress.headers())
    problem(streamed, 413, "too-large")


class Answer:
    """The last bytes that a server sent, as HTTP."""

    def __init__(self, content: bytes) -> None:
        head, _, self.body = content.partition(b"\r\n\r\n")
        self.head = head.decode("latin-1").lower()
        self.status = int(head.split()[1]) if head else 0


@contextmanager
def raw(
    ingress: Served, line: str, headers: dict[str, str], *parts: bytes, finish: bool = True
) -> Iterator[Answer]:
    """What comes for bytes that no client library would send."""
    lines = [line, "host: x", *(f"{name}: {value}" for name, value in headers.items())]
    if finish:
        lines.append("connection: close")
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    with socket.create_connection(("127.0.0.1", ingress.port), timeout=20) as connection:
        try:
            for part in (head, *parts):
                connection.sendall(part)
        except OSError:
            pass  # refused half-way
        yield Answer(_all(connection))


def _all(connection: socket.socket) -> bytes:
    content = b""
    try:
        while chunk := connection.recv(65_536):
            content += chunk
    except ConnectionResetError:
        pass
    return content


POST = f"POST {SUBMIT} HTTP/1.1"


@pytest.mark.parametrize(
    ("line", "headers", "parts", "status"),
    [
        ("GARBAGE", {}, [], 400),
        ("GET / HTTP/1", {}, [], 400),
        (POST, {"content-length": "-1"}, [], 400),
        (POST, {"content-length": "1, 2"}, [], 400),
        (POST, {"content-length": "0x10"}, [], 400),
        (POST, {"content-length": "9" * 30}, [], 400),
        (POST, {"content-length": str(BODY_BYTES_MAX + 1)}, [], 413),
        (POST, {"content-length": str(10**9), "expect": "100-continue"}, [], 413),
        (POST, {"transfer-encoding": "gzip"}, [], 400),
        (POST, {"transfer-encoding": "chunked"}, [b"zz\r\n"], 400),
        (POST, {"x": "a" * 100_000}, [], 400),
        ("GET http://other/healthz HTTP/1.1", {}, [], 404),
        ("OPTIONS * HTTP/1.1", {}, [], 404),
        ("TRACE /healthz HTTP/1.1", {}, [], 405),
        ("CONNECT x:1 HTTP/1.1", {}, [], 404),
    ],
    ids=lambda value: str(value)[:40],
)
def test_hostile_framing(
    ingress: Served, line: str, headers: dict[str, str], parts: list[bytes], status: int
) -> None:
    with raw(ingress, line, ingress.headers() | headers, *parts) as answer:
        assert answer.status == status, answer.head
        assert "application/problem+json" in answer.head
        assert "server:" not in answer.head


def test_a_length_and_chunks_at_once_are_read_as_chunks(ingress: Served) -> None:
    """What smuggling needs is that two servers disagree; this one goes by RFC 9112."""
    body = envelope("smuggled")
    headers = ingress.headers() | {"content-length": "3", "transfer-encoding": "chunked"}
    chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    with raw(ingress, POST, headers, chunk) as answer:
        assert answer.status in (202, 400)


def test_a_body_that_does_not_come(
    services_store: AsyncPostgresStore, keys: tuple[Path, dict[str, str]]
) -> None:
    with serving(services_store, *keys, body_seconds=0.2) as served:
        headers = served.headers() | {"content-length": "10"}
        with raw(served, POST, headers, b"{", finish=False) as answer:
            assert answer.status == 408
            assert "too-slow" in answer.body.decode()


def test_a_head_that_does_not_end_and_one_connection_too_many(
    services_store: AsyncPostgresStore, keys: tuple[Path, dict[str, str]]
) -> None:
    with serving(services_store, *keys, head_seconds=0.2, connections_max=2) as served:
        address = ("127.0.0.1", served.port)
        with socket.create_connection(address, timeout=20) as slow:
            slow.sendall(b"GET /healthz HTTP/1.1\r\n")
            assert served.client.get("/healthz").status_code == 200  # kept alive: the second
            with socket.create_connection(address, timeout=20) as third:
                assert _all(third) == b""
            deadline = time.monotonic() + 20
            try:
                while time.monotonic() < deadline:
                    slow.sendall(b"x: y\r\n")
                    time.sleep(0.01)
            except OSError:
                pass
            assert time.monotonic() < deadline


def test_a_client_that_leaves_harms_nobody(
    ingress: Served, database: psycopg.Connection[Any]
) -> None:
    body = envelope("left")
    head = "\r\n".join(
        [POST, "host: x", f"content-length: {len(body)}"]
        + [f"{name}: {value}" for name, value in ingress.headers().items()]
    )
    for sent in (body[:50], body):
        with socket.create_connection(("127.0.0.1", ingress.port)) as connection:
            connection.sendall(head.encode() + b"\r\n\r\n" + sent)
    assert ingress.submit(body).status_code == 202
    row = database.execute(
        "select count(*) from public.ingress_attestations where instruction_id = 'instruction-left'"
    ).fetchone()
    assert row == (1,)


_NAMES = st.sampled_from(["a", "b", "ab", "\\u0061", "\\u0062", "", '\\"', "\\\\"])
_VALUES = st.sampled_from(
    [
        "1",
        "12",
        "1.5",
        "1e5",
        "null",
        "true",
        '""',
        '"a"',
        '"a\\"b"',
        '"}"',
        "{}",
        "[[]]",
        '{"a":1}',
    ]
)
_BLANKS = st.sampled_from(["", "", " ", "\n\t"])


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.lists(st.tuples(_BLANKS, _NAMES, _BLANKS, _VALUES, _BLANKS), max_size=5))
def test_a_name_that_is_there_twice_is_found(members: list[tuple[str, ...]]) -> None:
    """As often as Python's parser, which is given every pair, finds it."""
    text = ",".join(
        f'{before}"{name}"{middle}:{middle}{value}{after}'
        for before, name, middle, value, after in members
    )
    body = f"{{{text}}}".encode()
    names = [name for name, _ in json.loads(body, object_pairs_hook=_Pairs)]
    rules = [error.rule for error in parse(body).errors]
    assert ("each member once" in rules) == (len(set(names)) < len(names))


class _Pairs(list[tuple[str, object]]):
    """What an object has, repetitions included."""


def test_requests_with_damaged_bytes_harm_nobody(
    services_store: AsyncPostgresStore, keys: tuple[Path, dict[str, str]]
) -> None:
    """Some are no HTTP, some no JSON, some still good; none is a 5xx, and the service goes on."""
    random = Random(6)  # noqa: S311 - the same damage each time
    body = envelope("damaged")
    with (
        serving(services_store, *keys, body_seconds=0.2, head_seconds=0.2) as served,
        ThreadPoolExecutor(8) as threads,
    ):
        head = [POST, "host: x", f"content-length: {len(body)}", "connection: close"]
        head += [f"{name}: {value}" for name, value in served.headers().items()]
        whole = "\r\n".join(head).encode() + b"\r\n\r\n" + body

        def damage() -> bytes:
            damaged = bytearray(whole)
            for _ in range(random.randint(1, 3)):
                damaged[random.randrange(len(damaged))] = random.randrange(256)
            return bytes(damaged)

        def send(content: bytes) -> int:
            with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
                connection.sendall(content)
                return Answer(_all(connection)).status

        statuses = set(threads.map(send, [damage() for _ in range(200)]))
        assert {202, 400, 401, 403, 415} <= statuses
        assert not {status for status in statuses if status >= 500}
        assert served.client.get("/healthz").status_code == 200
