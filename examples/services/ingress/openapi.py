"""The OpenAPI document: made of the same tables and types that read requests and write answers."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final

import msgspec

from examples.services.ingress import body, payload
from examples.services.ingress.fields import IDENTIFIER, OPTIONAL, REQUIRED, UUID_TEXT
from examples.services.ingress.headers import CALLER, CORRELATION_ID, KEY
from examples.services.ingress.problems import MEDIA_TYPE, Problem
from ledgerdb import Acknowledgement, InstructionStatus, __version__

__all__ = ["document"]

_JSON: Final = "application/json"
_REF: Final = "#/components/schemas/{name}"
_SECURITY: Final[list[dict[str, list[str]]]] = [{"apiKey": []}]
_WRITE: Final = (400, 401, 403, 408, 409, 413, 415, 429, 503)
_READ: Final = (400, 401, 403, 404, 429, 503)
_RETRY_AFTER: Final = {429, 503}


def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    _, schemas = msgspec.json.schema_components(
        (Acknowledgement, InstructionStatus, Problem), ref_template=_REF
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ledgerdb ingress",
            "version": __version__,
            "description": (
                f"Bodies have at most {body.BODY_BYTES_MAX} bytes. Every refusal is"
                f" {MEDIA_TYPE}. Of a header that is named here each may be given once."
            ),
        },
        "paths": {
            "/v1/ingress/instructions": {"post": _submit()},
            "/v1/instructions/{instruction_id}": {
                "get": _look_up("status", "Where an instruction stands", _ref(InstructionStatus))
            },
            "/v1/evidence-packs/{instruction_id}": {
                "get": _look_up(
                    "evidence", "What the ledger holds about an instruction", _named("EvidencePack")
                )
            },
            "/healthz": {"get": _probe("healthz", "Whether the process answers", "alive")},
            "/readyz": {"get": _probe("readyz", "Whether the database answers", "ready", 503)},
            "/metrics": {
                "get": {
                    "operationId": "metrics",
                    "summary": "For Prometheus",
                    "responses": {
                        "200": {
                            "description": "Metrics",
                            "content": {"text/plain": {"schema": {"type": "string"}}},
                        },
                        **_problems(405),
                    },
                }
            },
        },
        "components": {
            "schemas": {
                **schemas,
                "Instruction": _instruction(),
                "EvidencePack": _evidence_pack(),
            },
            "securitySchemes": {"apiKey": {"type": "apiKey", "in": "header", "name": KEY}},
        },
    }


def _instruction() -> dict[str, Any]:
    members = {**REQUIRED, **OPTIONAL}
    return {
        "type": "object",
        "description": "A payment instruction. Each member may be there once.",
        "properties": {
            **{
                name: {**field.schema, "description": field.rule} for name, field in members.items()
            },
            "payload": payload.SCHEMA,
        },
        "required": [*REQUIRED, "payload"],
        "additionalProperties": False,
    }


def _evidence_pack() -> dict[str, Any]:
    """The published schema of packs, with its references where it is now."""
    text = (files("ledgerdb.packs") / "pack.schema.json").read_text("utf-8")
    here = text.replace('"#/$defs/', f'"{_REF.format(name="EvidencePack")}/$defs/')
    return msgspec.json.decode(here, type=dict[str, Any])


def _submit() -> dict[str, Any]:
    return {
        "operationId": "submit",
        "summary": "Accept a payment instruction, durably, once",
        "security": _SECURITY,
        "parameters": _parameters(),
        "requestBody": {"required": True, "content": {_JSON: {"schema": _named("Instruction")}}},
        "responses": {
            "202": {
                "description": "It is durable. A replay gets the same, with `replayed` true.",
                "headers": {
                    **_headers(),
                    "location": {
                        "description": "Where it can be looked up.",
                        "schema": {"type": "string", "format": "uri-reference"},
                    },
                },
                "content": {_JSON: {"schema": _ref(Acknowledgement)}},
                "links": {name: _link(name) for name in ("status", "evidence")},
            },
            **_problems(*_WRITE, 405),
        },
    }


def _link(operation: str) -> dict[str, Any]:
    return {
        "operationId": operation,
        "parameters": {
            "instruction_id": "$request.body#/instruction_id",
            **{f"header.{name}": f"$request.header.{name}" for name in CALLER},
        },
    }


def _look_up(name: str, summary: str, schema: Mapping[str, str]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "security": _SECURITY,
        "parameters": [
            {
                "name": "instruction_id",
                "in": "path",
                "required": True,
                "description": f"{IDENTIFIER.rule}; percent-encoded",
                "schema": IDENTIFIER.schema,
            },
            *_parameters(),
        ],
        "responses": {
            "200": {
                "description": "Found",
                "headers": _headers(),
                "content": {_JSON: {"schema": schema}},
            },
            **_problems(*_READ, 405),
        },
    }


def _probe(name: str, summary: str, answer: str, *refusals: int) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {"status": {"const": answer}},
        "required": ["status"],
        "additionalProperties": False,
    }
    return {
        "operationId": name,
        "summary": summary,
        "responses": {
            "200": {"description": "Yes", "content": {_JSON: {"schema": schema}}},
            **_problems(*refusals, 405),
        },
    }


def _parameters() -> list[dict[str, Any]]:
    required = [
        {
            "name": name,
            "in": "header",
            "required": True,
            "description": f"{field.rule}; must be what the key may act for, and the body's",
            "schema": field.schema,
        }
        for name, field in CALLER.items()
    ]
    return [
        *required,
        {
            "name": CORRELATION_ID,
            "in": "header",
            "required": False,
            "description": "A UUID; anything else is replaced by a new one.",
            "schema": {"type": "string"},
        },
    ]


def _headers() -> dict[str, Any]:
    return {
        CORRELATION_ID: {
            "description": "The request's, or a new one.",
            "required": True,
            "schema": UUID_TEXT.schema,
        }
    }


def _problems(*codes: int) -> dict[str, Any]:
    return {str(code): _problem(code) for code in sorted(codes)}


def _problem(code: int) -> dict[str, Any]:
    headers = _headers()
    if code in _RETRY_AFTER:
        headers["retry-after"] = {
            "description": "Seconds; on 503 of an unknown outcome, replay the same request.",
            "required": True,
            "schema": {"type": "integer", "minimum": 1},
        }
    return {
        "description": HTTPStatus(code).phrase,
        "headers": headers,
        "content": {MEDIA_TYPE: {"schema": _ref(Problem)}},
    }


def _ref(kind: type) -> dict[str, str]:
    return _named(kind.__name__)


def _named(name: str) -> dict[str, str]:
    return {"$ref": _REF.format(name=name)}
