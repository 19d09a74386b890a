"""The spelling of a pack: numbers, times and texts have one form, and it is PostgreSQL's."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledgerdb.packs import InvalidPack, check_pack, pack_document
from ledgerdb.packs.canonical import canonical, epoch_text, parsed, time_text
from ledgerdb.packs.chain import seal_hash
from ledgerdb.packs.payload import fingerprint, fingerprint_of_value
from ledgerdb.rows import Attestation, ChainPlace, EvidencePack, OutboxIdentity

ID = UUID("0f000000-0000-4000-8000-000000000001")
NOON = datetime(2026, 1, 2, 12, 0, 0, 5, tzinfo=UTC)
HUGE = 2**63 - 1
PACK = EvidencePack(
    schema_version="0010",
    attestation=Attestation(
        attestation_id=ID,
        tenant_id=ID,
        instruction_id="i",
        participant_id="p",
        payload_hash="0" * 64,
        signature_hash=None,
        client_id=None,
        member_id=None,
        correlation_id=None,
        received_at=NOON,
        chain=ChainPlace(position=HUGE, leaf="0" * 64, seal_no=None),
    ),
    outbox=OutboxIdentity(
        outbox_id=ID,
        idempotency_key="k",
        rail_type="SEPA",
        fingerprint="0" * 64,
        state="PENDING",
        sequence_id=HUGE,
        created_at=NOON,
    ),
    attempts=(),
    late_results=(),
    operator_actions=(),
    retired=None,
    seals=(),
)


def test_a_bigint_is_a_text_and_loses_nothing() -> None:
    document = json.loads(pack_document(PACK))
    assert document["outbox"]["sequence_id"] == "9223372036854775807"
    assert document["attestation"]["chain"]["position"] == "9223372036854775807"
    assert check_pack(pack_document(PACK)).findings == []


def test_a_store_without_a_chain_has_packs_too() -> None:
    """A development store keeps neither places nor revisions."""
    alone = replace(PACK, attestation=replace(PACK.attestation, chain=None), outbox=None)
    report = check_pack(pack_document(alone))
    assert report.findings == []
    assert "the store that made the pack keeps no chain of hashes" in [
        one.text for one in report.unproven
    ]


def test_times_are_utc_to_the_microsecond_wherever_they_come_from() -> None:
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    assert time_text(tokyo) == time_text(NOON) == "2026-01-02T12:00:00.000005Z"
    assert time_text(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00.000000Z"
    assert time_text(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00.000000Z"


def test_the_timeline_names_its_sources() -> None:
    assert json.loads(pack_document(PACK))["timeline"] == [
        {
            "at": "2026-01-02T12:00:00.000005Z",
            "event": "ACCEPTED",
            "source": "/attestation/received_at",
        },
        {"at": "2026-01-02T12:00:00.000005Z", "event": "QUEUED", "source": "/outbox/created_at"},
    ]


@settings(max_examples=30)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.text(st.characters(codec="utf-8")),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=3), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_what_is_written_is_what_is_read(value: object) -> None:
    data = canonical({"value": value})
    assert parsed(data) == {"value": value}
    assert canonical(parsed(data)) == data


@pytest.mark.parametrize("value", [2**53, -(2**53), "\ud800", float("nan")])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(InvalidPack, match="no canonical form"):
        canonical({"value": value})


PARTS = (
    ("participant-1", "RTGS"),
    ("1:", "2:x"),
    ("Bank Ø \U0001f3e6", "e\u0301"),
    ('p\t"\\\n\x01', "\x7f\u2028/"),
)
PAYLOADS = (
    "{}",
    '{ "b": 1.50, "aa": [1e2, -0, -0.0, 1E-3, 123456789012345678901234567890.10], "a": null }',
    '{"\\u00e9\\ud83d\\ude00": "\\u0001\\b\\f\\n\\r\\t\\"\\\\\\/\\u007f", "é": true}',
    '{"a": {"b": {"c": [[], {}, [false]]}}, "number": 10.0, "zero": 0e3}',
)


@pytest.mark.parametrize("parts", PARTS)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_fingerprints_are_those_of_the_database(
    parts: tuple[str, str], payload: str, lived_url: str
) -> None:
    with psycopg.connect(lived_url) as connection:
        ((by_bytes, by_value),) = connection.execute(
            """select encode(public._payment_fingerprint(%(p)s, %(r)s, %(j)s), 'hex'),
                encode(public._outbox_fingerprint(%(p)s, %(r)s, %(j)s::jsonb), 'hex')""",
            {"p": parts[0], "r": parts[1], "j": payload},
        ).fetchall()
    assert fingerprint(*parts, payload) == by_bytes
    assert fingerprint_of_value(*parts, payload) == by_value


def test_no_value_no_fingerprint() -> None:
    assert fingerprint_of_value("p", "r", "{") is None
    assert fingerprint_of_value("p", "r", "[" * 100_000) is None
    for number in ("1e999999999", "1e-999999999", "1e99999999999999999999"):
        assert fingerprint_of_value("p", "r", f'{{"a": {number}}}') is None


@pytest.mark.parametrize(
    "time",
    [
        "1970-01-01T00:00:00.000000Z",
        "2026-11-28T18:35:29.000001Z",
        "2026-11-28T18:35:29.100000Z",
        "1969-12-31T23:59:59.999999Z",
        "0001-01-01T00:00:00.000001Z",
        "9999-12-31T23:59:59.999999Z",
    ],
)
def test_seconds_are_spelled_as_the_database_spells_them(time: str, lived_url: str) -> None:
    with psycopg.connect(lived_url) as connection:
        ((spelled,),) = connection.execute(
            "select extract(epoch from %s::timestamptz)::text", [time]
        ).fetchall()
    assert epoch_text(time) == spelled


def test_the_hash_of_every_seal_is_that_of_the_sealer(lived_url: str) -> None:
    """By positions and by ids, the first and the following."""
    with psycopg.connect(lived_url) as connection:
        seals = connection.execute(
            """select jsonb_build_object('seal_no', seal_no::text, 'subject', subject,
                'after_position', after_position::text, 'through_position', through_position::text,
                'after_id', after_id, 'through_id', through_id, 'row_count', row_count,
                'leaf_version', leaf_version, 'digest', encode(digest, 'hex'),
                'previous_hash', encode(previous_hash, 'hex'),
                'sealed_at', to_char(sealed_at at time zone 'UTC',
                    'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')), encode(seal_hash, 'hex')
            from public.ledger_seals"""
        ).fetchall()
    assert len(seals) > 5
    assert any(seal["after_id"] for seal, _ in seals)
    assert [seal_hash(seal) for seal, _ in seals] == [hashed for _, hashed in seals]
