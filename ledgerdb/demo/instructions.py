"""The demo's input: NDJSON with two kinds of lines, read as a stream.

    {"tenant": {"tenant_id": ..., "tenant_key": ..., "tenant_name": ..., "tenant_type": "NGO"}}
    {"tenant_id": ..., "instruction_id": ..., "participant_id": ..., "idempotency_key": ...,
     "rail_type": ..., "correlation_id"?: ..., "payload": {...}}

The payload is a credit transfer of ISO 20022, whose fields are in `message.py`. A number is kept as
it is written, so none is ever rounded.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias, cast
from uuid import UUID

from pydantic import ValidationError

from ledgerdb.demo.message import (
    CURRENCY_DECIMALS,
    UNSENDABLE,
    UNSENDABLE_RULE,
    InstructionDocument,
    Number,
    TenantDocument,
    reason,
    shown,
)
from ledgerdb.demo.results import LineProblem
from ledgerdb.errors import ConfigurationError
from ledgerdb.rows import PAYLOAD_BYTES_MAX, Instruction, TenantType

__all__ = [
    "CURRENCY_DECIMALS",
    "LINE_BYTES_MAX",
    "InstructionLine",
    "Line",
    "LineProblem",
    "TenantLine",
    "read_lines",
]

LINE_BYTES_MAX: Final = PAYLOAD_BYTES_MAX + 65_536


@dataclass(frozen=True, slots=True)
class TenantLine:
    """A line that registers a tenant: the arguments of `register_tenant`."""

    line: int
    tenant_id: UUID
    tenant_key: str
    tenant_name: str
    tenant_type: TenantType


@dataclass(frozen=True, slots=True)
class InstructionLine:
    """A line with an instruction whose payload is well formed.

    Attributes:
        instruction: its payload is compact JSON text, serialized once.
        amount: as written in the payload, for the rail.
    """

    line: int
    instruction: Instruction
    amount: str
    currency: str


Line: TypeAlias = TenantLine | InstructionLine | LineProblem


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a file in order, gunzipped if its name ends in .gz; blank ones are passed over.

    Raises:
        ConfigurationError: at once, if the path cannot be read; later, if reading fails half way.
    """
    try:
        path.stat()
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    if path.is_dir():
        raise ConfigurationError(f"instructions {path}: is a directory, not a file")
    if not os.access(path, os.R_OK):
        raise ConfigurationError(f"instructions {path}: permission to read is missing")
    return _lines(path)


def _lines(path: Path) -> Iterator[Line]:
    try:
        with _opened(path) as file:
            for number, raw in enumerate(_raw_lines(file), start=1):
                if raw is None:
                    yield LineProblem(number, f"the line is longer than {LINE_BYTES_MAX} bytes")
                elif content := (raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw).strip():
                    try:
                        yield _line(number, content)
                    except _Refused as refused:
                        yield LineProblem(number, str(refused))
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> ConfigurationError:
    reason = (isinstance(error, OSError) and error.strerror) or str(error)
    return ConfigurationError(f"instructions {path}: cannot be read: {reason}")


def _opened(path: Path) -> BinaryIO:
    if path.suffix.lower() == ".gz":
        return cast("BinaryIO", gzip.open(path, "rb"))
    return path.open("rb")


def _raw_lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Lines of bounded length; None stands for a longer one, which is never in memory whole."""
    while raw := file.readline(LINE_BYTES_MAX + 1):
        if len(raw) <= LINE_BYTES_MAX or raw.endswith(b"\n"):
            yield raw
            continue
        while raw and not raw.endswith(b"\n"):
            raw = file.readline(65_536)
        yield None


class _Refused(ValueError):
    """The line is not accepted; the message is the reason."""


def _line(number: int, content: bytes) -> TenantLine | InstructionLine:
    try:
        document = _DECODER.decode(content.decode())
        if not isinstance(document, dict):
            raise _Refused("the line must be a JSON object")
        if "tenant" in document:
            tenant = TenantDocument.model_validate(document).tenant
            return TenantLine(
                number, tenant.tenant_id, tenant.tenant_key, tenant.tenant_name, tenant.tenant_type
            )
        accepted = InstructionDocument.model_validate(document)
        payload = _compact(document["payload"])
    except UnicodeDecodeError as error:
        raise _Refused(f"the line is not UTF-8 at byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        what = error.msg[:1].lower() + error.msg[1:]
        raise _Refused(f"the line is not JSON: {what}, character {error.pos + 1}") from None
    except RecursionError:
        raise _Refused("the line is nested too deeply") from None
    except ValidationError as error:
        raise _Refused(reason(error)) from None
    money = accepted.payload.interbank_settlement_amount
    instruction = Instruction(
        tenant_id=accepted.tenant_id,
        instruction_id=accepted.instruction_id,
        participant_id=accepted.participant_id,
        idempotency_key=accepted.idempotency_key,
        rail_type=accepted.rail_type,
        correlation_id=accepted.correlation_id,
        payload=payload,
    )
    return InstructionLine(number, instruction, money.amount, money.currency)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, value in pairs:
        if UNSENDABLE.search(name):
            raise _Refused(f"the key {shown(name)} {UNSENDABLE_RULE}")
        if name in document:
            raise _Refused(f"the key {shown(name)} occurs twice in one object")
        document[name] = value
    return document


def _not_a_number(name: str) -> object:
    raise _Refused(f"the line is not JSON: {name} is no number of JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=Number,
    parse_float=Number,
    parse_constant=_not_a_number,
)
_QUOTED: Final = json.JSONEncoder(ensure_ascii=False).encode


def _compact(value: object) -> str:
    """A decoded document as compact JSON text; `json` would turn the numbers into floats."""
    if isinstance(value, str):
        if UNSENDABLE.search(value):
            raise _Refused(f"payload: {UNSENDABLE_RULE}")
        return _QUOTED(value)
    if isinstance(value, dict):
        return f"{{{','.join(f'{_compact(key)}:{_compact(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_compact, value))}]"
    return value.text if isinstance(value, Number) else _QUOTED(value)
