"""Is a payload the one that was attested, and the one that the outbox item is bound to?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from ledgerdb.packs.report import PackReport

__all__ = ["check_payload", "fingerprint", "fingerprint_of_value"]

# Of PostgreSQL's numeric: digits before and after the point.
_DIGITS_MAX: Final = 131_072
_FRACTION_MAX: Final = 16_383
# As PostgreSQL writes texts in JSON: these escapes, and others below a space in four hex digits.
_ESCAPES: Final = {
    ord(character): escape
    for character, escape in (
        *((chr(code), f"\\u{code:04x}") for code in range(0x20)),
        ('"', '\\"'), ("\\", "\\\\"), ("\b", "\\b"), ("\f", "\\f"), ("\n", "\\n"),
        ("\r", "\\r"), ("\t", "\\t"),
    )
}  # fmt: skip


def check_payload(document: Mapping[str, Any], payload: bytes | None, report: PackReport) -> None:
    """The payload's bytes against `payload_hash` and `fingerprint`."""
    outbox = document["outbox"]
    if payload is None:
        report.open(
            "attestation.payload_hash", "the payload is not in the file: give it with --payload"
        )
        return
    if sha256(payload).hexdigest() != document["attestation"]["payload_hash"]:
        report.wrong("attestation.payload_hash", "is not the SHA-256 of the payload that was given")
    else:
        report.shown("attestation.payload_hash", "is that of the payload that was given")
    if outbox is None:
        return
    participant = document["attestation"]["participant_id"]
    if participant is None:
        report.open("outbox.fingerprint", "the attestation names no participant to compute it with")
        return
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        report.wrong("outbox.fingerprint", "cannot be that of the payload, which is no UTF-8")
        return
    bound = (participant, outbox["rail_type"])
    if outbox["fingerprint"] == fingerprint(*bound, text):
        report.shown("outbox.fingerprint", "is that of participant, rail and payload")
    elif outbox["fingerprint"] == fingerprint_of_value(*bound, text):
        report.shown(
            "outbox.fingerprint",
            "is that of participant, rail and the value of the payload (items of before revision"
            " 0004 are bound to that, and not to its bytes)",
        )
    else:
        report.wrong(
            "outbox.fingerprint", "is not that of participant, rail and the payload that was given"
        )


def fingerprint(participant_id: str, rail_type: str, payload: str) -> str:
    """`_payment_fingerprint` in hex digits: lengths are in characters."""
    bound = f"{len(participant_id)}:{participant_id}{len(rail_type)}:{rail_type}{payload}"
    return sha256(bound.encode()).hexdigest()


def fingerprint_of_value(participant_id: str, rail_type: str, payload: str) -> str | None:
    """`_outbox_fingerprint` in hex digits: the payload as `jsonb`; None where it is no JSON."""
    try:
        value = json.loads(payload, parse_float=Decimal, parse_int=Decimal)
        bound = _jsonb([participant_id, rail_type, value])
        return sha256(bound.encode()).hexdigest()
    except (ValueError, ArithmeticError, RecursionError):
        return None


def _jsonb(value: Any) -> str:  # noqa: ANN401 - JSON
    """A value as PostgreSQL writes `jsonb`: short names first, numbers without an exponent."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: (len(name.encode()), name.encode()))
        return "{" + ", ".join(f"{_text(name)}: {_jsonb(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_jsonb, value)) + "]"
    if isinstance(value, Decimal):
        if value.adjusted() > _DIGITS_MAX or -int(value.as_tuple().exponent) > _FRACTION_MAX:
            raise ValueError("the database has no such number")
        # There is no minus zero.
        return f"{value or abs(value):f}"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    return f'"{value.translate(_ESCAPES)}"'
