"""Accepting an instruction, and telling what became of it."""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from examples.services.ingress import body, envelope, problems
from examples.services.ingress.fields import IDENTIFIER
from examples.services.ingress.frame import Metrics
from examples.services.ingress.headers import Caller, caller_of, key_of
from examples.services.ingress.keys import Key, Keys
from examples.services.ingress.limits import Limits
from examples.services.ingress.problems import FieldError
from examples.services.ingress.settings import IngressSettings
from ledgerdb import Acknowledgement, Instruction, telemetry
from ledgerdb.packs import pack_document
from ledgerdb.stores import AsyncStore

__all__ = ["Instructions"]

_JSON: Final = "application/json"


class Instructions:
    """The endpoints of the ingress.

    Each answers who asks before what is asked, and reads a body only for a key that it knows.
    """

    def __init__(
        self, store: AsyncStore, keys: Keys, settings: IngressSettings, metrics: Metrics
    ) -> None:
        self._store = store
        self._keys = keys
        self._settings = settings
        self._metrics = metrics
        self._limits = Limits(settings)
        self._writing: set[asyncio.Task[Acknowledgement]] = set()

    async def submit(self, request: Request) -> Response:
        """202 with the acknowledgement, once the instruction is durable."""
        key = self._key(request)
        with self._limits.admitted(key.name):
            caller, errors = caller_of(request, key)
            _require_json(request)
            content = await body.read(request, self._settings.body_seconds)
            self._metrics.body_bytes.inc(len(content))
            parsed = envelope.parse(content)
            if errors := [*errors, *parsed.errors]:
                raise problems.invalid(errors)
            values = parsed.values
            if caller != Caller(values["tenant_id"], values["participant_id"]):  # type: ignore[arg-type]
                raise problems.not_allowed()
            acknowledgement = await self._write(
                Instruction(
                    payload=parsed.payload,
                    correlation_id=request.state.correlation_id,
                    trace_context=telemetry.current_trace_context(),
                    **values,  # type: ignore[arg-type]
                )
            )
        if acknowledgement.replayed:
            self._metrics.replays.inc()
        return Response(
            msgspec.json.encode(acknowledgement),
            202,
            {"location": f"/v1/instructions/{quote(str(values['instruction_id']), safe='')}"},
            media_type=_JSON,
        )

    async def status(self, request: Request) -> Response:
        """200 with where the instruction stands, for the participant that submitted it."""
        key = self._key(request)
        with self._limits.admitted(key.name):
            caller, instruction_id = _asked(request, key)
            found = await self._store.instruction_status(caller.tenant_id, instruction_id)
        if found is None or found.participant_id != caller.participant_id:
            raise problems.not_found()
        return Response(msgspec.json.encode(found), media_type=_JSON)

    async def evidence(self, request: Request) -> Response:
        """200 with the evidence pack, for the participant that submitted it: the bytes of a file
        that `ledgerdb evidence verify` examines.
        """
        key = self._key(request)
        with self._limits.admitted(key.name):
            caller, instruction_id = _asked(request, key)
            found = await self._store.evidence_pack(caller.tenant_id, instruction_id)
        if found is None or found.attestation.participant_id != caller.participant_id:
            raise problems.not_found()
        return Response(pack_document(found), media_type=_JSON)

    async def settle(self) -> None:
        """Waits for the writes whose requests were given up."""
        if self._writing:
            await asyncio.wait(self._writing)

    def _key(self, request: Request) -> Key:
        key = key_of(request, self._keys)
        request.state.key = key.name  # for the log
        return key

    async def _write(self, instruction: Instruction) -> Acknowledgement:
        """A request that is given up, by a shutdown that lasts too long, does not interrupt its
        write: what the ledger knows of its outcome, it still learns.
        """
        writing = asyncio.ensure_future(self._store.ingest(instruction))
        self._writing.add(writing)
        writing.add_done_callback(self._written)
        return await asyncio.shield(writing)

    def _written(self, writing: asyncio.Task[Acknowledgement]) -> None:
        self._writing.discard(writing)
        if not writing.cancelled():
            writing.exception()  # seen, whether or not there is still somebody to tell


def _asked(request: Request, key: Key) -> tuple[Caller, str]:
    caller, errors = caller_of(request, key)
    try:
        IDENTIFIER.read(request.path_params["instruction_id"])
    except ValueError:
        errors.append(FieldError("instruction_id", IDENTIFIER.rule))
    if caller is None or errors:
        raise problems.invalid(errors)
    return caller, request.path_params["instruction_id"]


def _require_json(request: Request) -> None:
    given = request.headers.getlist("content-type")
    media, _, parameters = (given[0] if len(given) == 1 else "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if (
        media.strip().lower() != _JSON
        or charset not in ("", "charset=utf-8")
        or request.headers.get("content-encoding", "identity").lower() != "identity"
    ):
        raise problems.unsupported()
