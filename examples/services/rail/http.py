"""A rail over HTTP: `POST {RAIL_URL}/payments`, with the payment's key in `Idempotency-Key`.

| the rail answers | a rail that knows keys | one that does not |
|---|---|---|
| 200, 201 with a reference | Dispatched | Dispatched |
| 400, 402, 409, 422 | Rejected | Rejected |
| 429, or no connection: it took nothing | Retry | Retry |
| anything else, or nothing in time: it may have | Retry | Unknown |
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

import httpx
import msgspec
from msgspec import Meta

from examples.services.settings import from_environment
from ledgerdb import ClaimedItem, Dispatched, Rejected, Retry, Unknown
from ledgerdb.rows import RETRY_DELAY_SECONDS_MAX
from ledgerdb.worker import Answer

__all__ = ["HttpRail", "RailSettings", "make"]

_TAKEN: Final = {HTTPStatus.OK, HTTPStatus.CREATED}
_REFUSED: Final = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
_ANSWER_BYTES_MAX: Final = 65_536
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_encoder: Final = msgspec.json.Encoder(decimal_format="number")  # money stays as it was written


class RailSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The variables `RAIL_...`.

    Attributes:
        url: of the rail, without `/payments`.
        seconds: how long an answer may take; shorter than the worker's lease.
        knows_keys: whether it sends once per `Idempotency-Key`.
        token: for `Authorization: Bearer`; empty for none.
        connections_max: connections to the rail.
    """

    url: Annotated[str, Meta(pattern="^https?://")]
    seconds: Annotated[float, Meta(gt=0, le=300)] = 10.0
    knows_keys: bool = True
    token: str = ""
    connections_max: Annotated[int, Meta(ge=1, le=1_000)] = 32


class _Reply(msgspec.Struct):
    reference: Annotated[str, Meta(min_length=1)] = ""
    code: str | None = None
    message: str | None = None


class HttpRail:
    """Sends payments to the rail of the settings."""

    def __init__(
        self, settings: RailSettings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.knows_keys = settings.knows_keys
        headers = {"accept": "application/json", "content-type": "application/json"}
        if settings.token:
            headers["authorization"] = f"Bearer {settings.token}"
        self._client = httpx.AsyncClient(
            base_url=settings.url,
            headers=headers,
            timeout=settings.seconds,
            limits=httpx.Limits(max_connections=settings.connections_max),
            transport=transport,
            trust_env=False,  # a proxy is a setting, and not an accident
        )
        self._seconds = settings.seconds

    async def send(self, item: ClaimedItem) -> Answer:
        """Sends one payment; see the table of the module."""
        began = time.monotonic()
        try:
            status, headers, content = await self._post(item)
        except _NEVER_SENT as error:
            return Retry("RAIL_UNREACHABLE", type(error).__name__)
        except httpx.HTTPError as error:
            return self._ambiguous("RAIL_SILENT", type(error).__name__)
        latency_ms = round((time.monotonic() - began) * 1_000)
        reply = _read(content)
        code = reply.code or str(status)
        if status in _TAKEN and reply.reference:
            return Dispatched(reply.reference, code, latency_ms)
        if status in _REFUSED:
            return Rejected(code, reply.message, str(status), latency_ms)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return Retry("RAIL_BUSY", reply.message, str(status), latency_ms, _seconds_of(headers))
        return self._ambiguous("RAIL_ERROR", f"status {status}", str(status), _seconds_of(headers))

    async def close(self) -> None:
        """Closes its connections."""
        await self._client.aclose()

    async def _post(self, item: ClaimedItem) -> tuple[int, httpx.Headers, bytes]:
        content = _encoder.encode(
            {
                "instruction_id": item.instruction_id,
                "participant_id": item.participant_id,
                "rail_type": item.rail_type,
                "payload": dict(item.payload),
            }
        )
        request = self._client.build_request(
            "POST", "/payments", content=content, headers={"idempotency-key": item.rail_key}
        )
        response = await self._client.send(request, stream=True)
        try:
            answer = b""
            async for chunk in response.aiter_bytes():
                answer += chunk
                if len(answer) > _ANSWER_BYTES_MAX:
                    break
        finally:
            await response.aclose()
        return response.status_code, response.headers, answer

    def _ambiguous(
        self, code: str, message: str, rail_code: str | None = None, delay: int | None = None
    ) -> Answer:
        if self.knows_keys:
            return Retry(code, message, rail_code, delay_seconds=delay)
        return Unknown(f"{code}: {message}")


def make(environ: Mapping[str, str]) -> HttpRail:
    """The rail of the variables `RAIL_...`."""
    return HttpRail(from_environment(RailSettings, "RAIL_", environ))


def _read(content: bytes) -> _Reply:
    try:
        return msgspec.json.decode(content, type=_Reply)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Reply()


def _seconds_of(headers: Mapping[str, Any]) -> int | None:
    given = str(headers.get("retry-after", ""))
    return min(int(given[:6]), RETRY_DELAY_SECONDS_MAX) if given.isdecimal() else None
