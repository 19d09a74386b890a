"""The body, parsed once: its small members become values, `payload` stays the bytes that came.

msgspec checks the whole document and finds where each member ends, without making objects of what
is inside. The payload is then a view into the request's own buffer, which the ledger hashes.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from examples.services.ingress import payload, problems
from examples.services.ingress.fields import OPTIONAL, REQUIRED, Field
from examples.services.ingress.problems import FieldError
from ledgerdb.rows import PAYLOAD_BYTES_MAX

__all__ = ["Envelope", "parse"]

_MEMBERS_MAX: Final = 64
_NAME_CHARS_MAX: Final = 100
_TEXT_BYTES_MAX: Final = 16_384  # of a small member, however it is escaped
_NAME: Final = re.compile(rb'[ \t\n\r]*("[^"\\]*(?:\\.[^"\\]*)*")[ \t\n\r]*:[ \t\n\r]*', re.DOTALL)
_NEXT: Final = re.compile(rb"[ \t\n\r]*[,}]")

_documents: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_texts: Final = msgspec.json.Decoder(str)


class Envelope(msgspec.Struct, frozen=True):
    """What was in the body.

    Attributes:
        values: of the small members that keep their rules, by name.
        payload: a view into the body.
        errors: every rule that is broken.
    """

    values: dict[str, object]
    payload: memoryview
    errors: list[FieldError]


def parse(body: bytes | bytearray) -> Envelope:
    """The members of the body, and every rule that it breaks.

    Raises:
        Refused: 413, the payload is too large.
    """
    if payload.is_deep(body):
        return _broken(f"nested at most {payload.DEPTH_MAX} deep")
    try:
        members = _documents.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _broken("a well-formed JSON object in UTF-8")
    if len(members) > _MEMBERS_MAX:
        return _broken("only the members that are documented")
    if not _is_unique(body, members):
        return _broken("each member once")
    values: dict[str, object] = {}
    errors: list[FieldError] = []
    for name, field in {**REQUIRED, **OPTIONAL}.items():
        raw = members.pop(name, None)
        if raw is not None:
            try:
                values[name] = _read(field, raw)
            except (ValueError, msgspec.MsgspecError):
                errors.append(FieldError(name, field.rule))
        elif name in REQUIRED:
            errors.append(FieldError(name, "required"))
    document = memoryview(members.pop("payload", b""))
    if len(document) > PAYLOAD_BYTES_MAX:
        raise problems.too_large("payload", PAYLOAD_BYTES_MAX)
    errors += [FieldError("payload", rule) for rule in payload.broken_rules(document)]
    errors += [FieldError(name[:_NAME_CHARS_MAX], "unknown") for name in members]
    return Envelope(values, document, errors)


def _broken(rule: str) -> Envelope:
    return Envelope({}, memoryview(b""), [FieldError("body", rule)])


def _read(field: Field, raw: msgspec.Raw) -> object:
    text = memoryview(raw)
    if len(text) > _TEXT_BYTES_MAX:
        raise ValueError
    return field.read(_texts.decode(text))


def _is_unique(body: bytes | bytearray, members: dict[str, msgspec.Raw]) -> bool:
    """Whether no member is there twice, for which parsers of JSON take the first or the last.

    The document is well-formed. From each name the walk goes over the value that was found for it:
    of a name that is there twice that is the last one, so the first one differs from it, or the
    name comes again.
    """
    position = body.index(b"{") + 1
    seen = set()
    for _ in members:
        name = _NAME.match(body, position)
        if name is None:
            return False
        key = _texts.decode(name[1])
        value = members.get(key)
        if value is None or key in seen or not body.startswith(value, name.end()):
            return False
        seen.add(key)
        end = _NEXT.match(body, name.end() + len(memoryview(value)))
        if end is None:
            return False
        position = end.end()
    return not members or body[position - 1 : position] == b"}"
