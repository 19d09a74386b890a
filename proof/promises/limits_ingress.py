"""The limits of the parameters of functions for tenants and ingress."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from proof.promises import items
from proof.promises.limit import (
    DOUBLE_KEY,
    FITTING,
    INSTRUCTION,
    INSTRUCTIONS,
    JSON_RULE,
    MANY,
    NO_JSON,
    SIGNED,
    UNKNOWN,
    Function,
    Limit,
    always,
    references,
    text,
)
from proof.promises.world import Row, World, dumped


def _ingestion(world: World) -> Row:
    return items.ingestion(items.Item(tenant_id=items.tenant(world)))


def _ingestions(world: World) -> Row:
    return {"tenant_ids": [items.tenant(world)], **_one_of_many()}


def _one_of_many() -> Row:
    return {
        "instruction_ids": ["I"],
        "participant_ids": ["P"],
        "idempotency_keys": ["K"],
        "rail_types": ["R"],
        "payloads": ["{}"],
    }


INGRESS: Final = (
    Function(
        "register_tenant",
        lambda _: {
            "tenant_id": uuid4(),
            "tenant_key": "k",
            "tenant_name": "n",
            "tenant_type": "NGO",
        },
        (
            Limit("tenant_id", "P7111", "not null", (uuid4(),), (None,)),
            text("tenant_key", "P7111"),
            text("tenant_name", "P7111"),
            Limit(
                "tenant_type",
                "P7111",
                "NGO, COOPERATIVE, GOVERNMENT or COMMERCIAL",
                ("NGO", "COOPERATIVE", "GOVERNMENT", "COMMERCIAL"),
                (None, "", "ngo", "BANK"),
            ),
        ),
    ),
    Function(
        "ingest_instruction",
        _ingestion,
        (
            Limit("tenant_id", "P7102", "an active tenant", (), (None, uuid4())),
            *INSTRUCTION,
            Limit("payload", "P7116", JSON_RULE, ("{}", FITTING), (*NO_JSON, DOUBLE_KEY)),
            *references(
                "client_id_hash",
                "signature_hash",
                "cert_fingerprint_sha256",
                "token_jti_hash",
                "upstream_ref",
                "downstream_ref",
                "nfs_sequence_ref",
            ),
            Limit(
                "signatures",
                "P711A",
                "a JSON array, at most 65536 bytes",
                ("[]", SIGNED),
                (None, "{}", '"x"', SIGNED[:-2] + 'x"]'),
            ),
        ),
    ),
    Function(
        "ingest_instructions",
        _ingestions,
        (
            Limit("tenant_ids", "P7102", "an active tenant", (), ([None], [uuid4()])),
            Limit("tenant_ids", "P7118", MANY, (), (None, [], [UNKNOWN] * 2), "instruction_ids"),
            Limit(
                "correlation_ids",
                "P7118",
                MANY,
                (None, [None], [uuid4()]),
                ([], [None, None]),
                "instruction_ids",
            ),
            *INSTRUCTIONS,
        ),
    ),
    Function("enqueue_outbox_items", lambda _: _one_of_many(), INSTRUCTIONS),
    Function(
        "enqueue_outbox_items",
        lambda _: dict.fromkeys(_one_of_many()),
        (Limit("instruction_ids", "P7118", MANY, (), (None,)),),
    ),
    Function(
        "enqueue_payment_outbox",
        lambda _: items.enqueuing(items.Item()),
        (
            *INSTRUCTION,
            Limit(
                "payload",
                "P7116",
                "a JSON object, at most 1048576 bytes",
                ("{}", dumped({"a": "x" * (1048576 - 9)})),
                (None, "[]", '"x"', "1", "null", dumped({"a": "x" * (1048576 - 8)})),
            ),
        ),
    ),
    Function("bump_participant_outbox_seq", always(participant_id="P"), INSTRUCTION[1:2]),
)
