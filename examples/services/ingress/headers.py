"""Who asks, for whom: the headers, each given once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from starlette.requests import Request

from examples.services.ingress import problems
from examples.services.ingress.fields import IDENTIFIER, UUID_TEXT, Field
from examples.services.ingress.keys import Key, Keys
from examples.services.ingress.problems import FieldError

__all__ = ["CALLER", "CORRELATION_ID", "KEY", "Caller", "caller_of", "correlation_id", "key_of"]

KEY: Final = "x-api-key"
CORRELATION_ID: Final = "x-correlation-id"
CALLER: Final[Mapping[str, Field]] = {"x-tenant-id": UUID_TEXT, "x-participant-id": IDENTIFIER}


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom a request is made; whatever the key may not act for was refused."""

    tenant_id: UUID
    participant_id: str


def key_of(request: Request, keys: Keys) -> Key:
    """The entry of the request's key.

    Raises:
        Refused: 401, without a key, with several, or with a wrong one.
    """
    given = _values(request, KEY)
    found = keys.find(given[0]) if len(given) == 1 else None
    if found is None:
        raise problems.unauthenticated()
    return found


def caller_of(request: Request, key: Key) -> tuple[Caller | None, list[FieldError]]:
    """For whom the request is made; None where its headers break rules.

    Raises:
        Refused: 403, the key may not act for them.
    """
    values: list[object] = []
    errors: list[FieldError] = []
    for name, field in CALLER.items():
        given = _values(request, name)
        if len(given) != 1:
            errors.append(FieldError(name, "required" if not given else "given once"))
            continue
        try:
            values.append(field.read(given[0].decode()))
        except ValueError:
            errors.append(FieldError(name, field.rule))
    if errors:
        return None, errors
    tenant_id, participant_id = values
    if tenant_id != key.tenant_id or participant_id not in key.participants:
        raise problems.not_allowed()
    return Caller(key.tenant_id, str(participant_id)), []


def correlation_id(headers: list[tuple[bytes, bytes]]) -> UUID:
    """The caller's, where it is a UUID, else a new one."""
    for name, value in headers:
        if name == CORRELATION_ID.encode():
            try:
                return UUID(str(UUID_TEXT.read(value.decode())))
            except ValueError:
                break
    return uuid4()


def _values(request: Request, name: str) -> list[bytes]:
    return [value for key, value in request.headers.raw if key == name.encode()]
