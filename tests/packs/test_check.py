"""Every rule of the offline check, broken by somebody who makes the digest fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledgerdb.packs import KeptSeal, UnknownFormat, check_pack
from ledgerdb.verify.packs.forger import _holder, _leaves, canonical
from tests.packs.documents import Document, forged, golden
from tests.packs.test_golden import kept

HASH = "0" * 64


def found(document: Document, change: Callable[[Document], object]) -> list[str]:
    """The fields of the findings."""
    return [one.field for one in check_pack(forged(document, change), kept=kept()).findings]


def put(path: str, value: object) -> Callable[[Document], None]:
    """A change: `attempts.0.state`."""

    def change(document: Document) -> None:
        *steps, last = path.split(".")
        row: object = document
        for step in steps:
            row = row[int(step)] if isinstance(row, list) else row[step]  # type: ignore[index]
        if isinstance(row, list):
            row[int(last)] = value
        else:
            row[last] = value  # type: ignore[index]

    return change


LIFE = {
    "a number is left out": (put("attempts.4.attempt_no", 6), "attempts[4].attempt_no"),
    "sent twice": (put("attempts.0.state", "DISPATCHED"), "attempts[0].state"),
    "failed, and sent again": (put("attempts.1.state", "FAILED"), "attempts[1].state"),
    "no redrive before the last": (put("attempts.4.redrive_no", 0), "attempts[4].redrive_no"),
    "a redrive without a failure": (put("attempts.1.redrive_no", 1), "attempts[1].redrive_no"),
    "a redrive nobody asked for": (
        put("operator_actions.1.action", "CANCEL"),
        "operator_actions",
    ),
    "another end": (put("outbox.state", "FAILED"), "outbox.state"),
    "waits after it was sent": (put("outbox.state", "PENDING"), "outbox.state"),
    "claimed before it was accepted": (
        put("attempts.0.claimed_at", "2000-01-01T00:00:00.000000Z"),
        "attempts[0].claimed_at",
    ),
    "started before it was claimed": (
        put("attempts.4.dispatch_started_at", "2000-01-01T00:00:00.000000Z"),
        "attempts[4].dispatch_started_at",
    ),
    "ended before it began": (
        put("attempts.0.completed_at", "2000-01-01T00:00:00.000000Z"),
        "attempts[0].completed_at",
    ),
    "late before it was accepted": (
        put("late_results.0.received_at", "2000-01-01T00:00:00.000000Z"),
        "late_results[0].received_at",
    ),
    "an id twice": (
        lambda document: put("attempts.1.attempt_id", document["attempts"][0]["attempt_id"])(
            document
        ),
        "attempts[1].attempt_id",
    ),
    "no item": (put("outbox", None), "attempts"),
    "ended, but no attempt": (put("attempts", []), "outbox.state"),
}


@pytest.mark.parametrize(("change", "field"), LIFE.values(), ids=LIFE)
def test_a_life_that_cannot_be(change: Callable[[Document], object], field: str) -> None:
    assert field in found(golden(), change)


CHAIN = {
    "a seal is edited": (put("seals.0.row_count", 3), "seals[0].seal_hash"),
    "a seal names another": (put("seals.1.previous_hash", HASH), "seals[1].previous_hash"),
    "a seal is there twice": (
        lambda document: document["seals"].insert(0, document["seals"][0]),
        "seals[1].seal_no",
    ),
    "a later one names none before it": (
        put("seals.0.previous_hash", None),
        "seals[0].previous_hash",
    ),
    "a range of nothing": (put("seals.0.through_position", None), "seals[0]"),
    "a range that ends first": (put("seals.0.through_position", "0"), "seals[0]"),
    "more rows than positions": (put("seals.0.row_count", 999), "seals[0].row_count"),
    "a range that overlaps": (put("seals.2.after_position", "29"), "seals[2]"),
    "a range with a hole before it": (put("seals.2.after_position", "31"), "seals[2]"),
    "no such seal": (put("attempts.0.chain.seal_no", "999"), "attempts[0].chain.seal_no"),
    "a seal of the others": (put("attempts.0.chain.seal_no", "8"), "attempts[0].chain.seal_no"),
    "a place beside the range": (
        put("attempts.0.chain.position", "999"),
        "attempts[0].chain.position",
    ),
    "a place of another kind": (
        put("attempts.0.chain.position", None),
        "attempts[0].chain.position",
    ),
    "sealed before it ended": (
        put("seals.1.sealed_at", "2000-01-01T00:00:00.000000Z"),
        "attempts[0]",
    ),
}


@pytest.mark.parametrize(("change", "field"), CHAIN.values(), ids=CHAIN)
def test_a_chain_that_cannot_be(change: Callable[[Document], object], field: str) -> None:
    assert field in found(golden(), change)


PROOF = {
    "a row of another time": (put("attempts.0.latency_ms", 13), "attempts[0].latency_ms"),
    "a row of another item": (put("outbox.sequence_id", "99"), "proof.attempts[0]"),
    "another participant": (put("attestation.participant_id", "x"), "attestation.participant_id"),
    "another leaf": (put("attempts.0.chain.leaf", HASH), "proof.attempts[0]"),
    "another row": (put("proof.attempts.0", "{}"), "proof.attempts[0]"),
    "a row less": (lambda document: document["proof"]["attempts"].pop(), "proof.attempts"),
    "a leaf less": (
        lambda document: document["proof"]["leaves"][0]["leaves"].pop(),
        "proof.leaves[0]",
    ),
    "a leaf that is another": (put("proof.leaves.0.leaves.0", HASH), "proof.leaves[0]"),
    "leaves of no seal": (put("proof.leaves.0.seal_no", "999"), "proof.leaves[0]"),
    "leaves twice": (put("proof.leaves.1.seal_no", "8"), "proof.leaves[1]"),
    "retired, which nothing is": (
        put("proof.retired", golden("retired")["proof"]["retired"]),
        "proof.retired",
    ),
}


@pytest.mark.parametrize(("change", "field"), PROOF.values(), ids=PROOF)
def test_a_proof_of_something_else(change: Callable[[Document], object], field: str) -> None:
    assert field in found(golden(), change)


RETIRED = {
    "another digest": (put("retired.digest", HASH), "retired.digest"),
    "another leaf": (put("proof.retired.0.chain.leaf", HASH), "retired.digest"),
    "one less": (lambda document: document["proof"]["retired"].pop(), "proof.retired"),
    "another end": (put("retired.state", "FAILED"), "outbox.state"),
    "retired before it ended": (
        put("retired.retired_at", "2000-01-01T00:00:00.000000Z"),
        "retired.retired_at",
    ),
    "claimed before it was accepted": (
        put("retired.first_claimed_at", "2000-01-01T00:00:00.000000Z"),
        "retired.first_claimed_at",
    ),
    "attempts that came back": (
        put("attempts", golden()["attempts"]),
        "attempts",
    ),
}


@pytest.mark.parametrize(("change", "field"), RETIRED.values(), ids=RETIRED)
def test_a_retirement_that_cannot_be(change: Callable[[Document], object], field: str) -> None:
    assert field in found(golden("retired"), change)


SHAPE = {
    "a member more": (put("more", 1), ""),
    "a text for a number": (put("attempts.0.attempt_no", "1"), "attempts[0].attempt_no"),
    "a number for a bigint": (put("outbox.sequence_id", 1), "outbox.sequence_id"),
    "a hash with a line feed": (
        put("attempts.0.chain.leaf", HASH + "\n"),
        "attempts[0].chain.leaf",
    ),
    "a time without a zone": (
        put("attempts.0.claimed_at", "2026-01-01T00:00:00.000000"),
        "attempts[0].claimed_at",
    ),
    "a day that is none": (
        put("attestation.received_at", "2026-02-30T00:00:00.000000Z"),
        "attestation.received_at",
    ),
    "a year that is none": (
        put("seals.0.sealed_at", "0000-01-01T00:00:00.000000Z"),
        "seals[0].sealed_at",
    ),
    "a member less": (lambda document: document["outbox"].pop("state"), "outbox"),
}


@pytest.mark.parametrize(("change", "field"), SHAPE.values(), ids=SHAPE)
def test_no_shape_of_a_pack(change: Callable[[Document], object], field: str) -> None:
    document = golden()
    change(document)
    report = check_pack(canonical(document))
    assert field in [one.field for one in report.findings]
    assert report.digest is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "no evidence pack"),
        (b'\xff{"format": 1}', "no JSON"),
        (b'{"format": "x", "format": "y"}', "twice"),
        (b'{"format": 1.5}', "no integer"),
        (b'{"format": NaN}', "no integer"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_bytes_that_are_no_pack(data: bytes, words: str) -> None:
    (finding,) = check_pack(data).findings
    assert words in finding.text


@pytest.mark.parametrize("version", [0, "1", True, None])
def test_a_version_that_never_was(version: object) -> None:
    document = golden()
    document["format_version"] = version
    assert not check_pack(canonical(document)).ok


def test_a_version_that_is_to_come_is_not_judged() -> None:
    document = golden()
    document["format_version"] = 2
    with pytest.raises(UnknownFormat, match="format version 2"):
        check_pack(canonical(document))


def test_a_number_that_is_not_exact_everywhere() -> None:
    document = golden()
    document["attempts"][0]["latency_ms"] = 2**53
    (finding, *_) = check_pack(canonical(document)).findings
    assert "exceeds safe integer domain" in finding.text


def test_other_bytes_of_the_same_content() -> None:
    document = golden()
    for data in (json.dumps(document).encode(), canonical(document) + b"\n"):
        (finding,) = check_pack(data).findings
        assert "canonical" in finding.text


def test_a_chain_that_does_not_meet_what_was_kept() -> None:
    data = canonical(golden())
    (last,) = kept()
    (finding,) = check_pack(data, kept=[KeptSeal(last.seal_no, HASH)]).findings
    assert finding.field == "seals"
    # a seal that is not in the file proves nothing, and is no finding
    report = check_pack(data, kept=[KeptSeal(999, HASH)])
    assert report.ok
    assert [one.text for one in report.unproven if one.field == "seals"] == [
        f"nothing in the file links seal {number} to a seal that was kept: export with --seals"
        for number in (8, 9, 10)
    ]


def test_an_older_seal_does_not_vouch_for_newer_ones() -> None:
    document = golden()
    first = document["seals"][0]
    report = check_pack(
        canonical(document), kept=[KeptSeal(int(first["seal_no"]), first["seal_hash"])]
    )
    assert [str(one) for one in report.proven if one.field == "seals"] == [
        "seals: lead from seal 8 to a seal that was kept"
    ]
    assert [one.text.split(" follows")[0] for one in report.unproven if one.field == "seals"] == [
        "seal 9",
        "seal 10",
    ]


def test_a_link_that_is_missing_proves_nothing() -> None:
    (last,) = kept()
    missing = next(seal for seal in golden()["seals"] if seal["seal_no"] == "11")
    report = check_pack(forged(golden(), lambda it: it["seals"].remove(missing)), kept=[last])
    assert report.ok
    assert [one for one in report.proven if one.field == "seals"] == []
    assert [one.text.split(" to ")[0] for one in report.unproven if one.field == "seals"] == [
        f"nothing in the file links seal {number}" for number in (8, 9, 10)
    ]


ROWS = (
    "", "5", "null", '"attempt_id"', "[]", "[[]]", '[["attempt_id", 1, 2]]', "{}", "[" * 100_000,
    '{"attempt_id" : 1e99999999999999999999}', '{"attempt_id" : NaN}',
)  # fmt: skip


@pytest.mark.parametrize("text", ROWS, ids=range(len(ROWS)))
def test_a_row_of_any_text(text: str) -> None:
    """Its leaf fits, so it is read."""

    def change(document: Document) -> None:
        document["proof"]["attempts"][0] = text
        document["attempts"][0]["chain"]["leaf"] = sha256(text.encode()).hexdigest()

    (finding, *_) = check_pack(forged(golden(), change)).findings
    assert (finding.field, finding.text) == ("proof.attempts[0]", "is no row of the ledger")


PLACES = [path for path, _ in _leaves((), golden()) if path != ("format_version",)]
VALUES = (
    st.none() | st.booleans() | st.integers(-1, 2**53 - 1) | st.sampled_from(["", "0", HASH])
    | st.text(st.characters(codec="utf-8"), max_size=5) | st.just([]) | st.just({})
    | st.sampled_from([value for _, value in _leaves((), golden())])
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
def test_no_content_breaks_the_check(changes: list[tuple[tuple[str | int, ...], object]]) -> None:
    """Whatever is there, the answer is a report, and what is not the exported bytes never holds
    while its digest is another.
    """
    document = golden()
    for path, value in changes:
        _holder(document, path)[path[-1]] = value
    report = check_pack(canonical(document), payload=b"{}", kept=kept())
    told = {one.field for one in report.findings}
    assert document == golden() or told & {"", "digest"}


def test_another_payload() -> None:
    report = check_pack(canonical(golden()), payload=b"{}")
    assert [one.field for one in report.findings] == [
        "attestation.payload_hash",
        "outbox.fingerprint",
    ]
    assert "no UTF-8" in check_pack(canonical(golden()), payload=b"\xff").findings[-1].text
