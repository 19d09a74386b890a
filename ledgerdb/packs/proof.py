"""The proof in a pack: the rows behind the hashes, and all that is under the seals beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from ledgerdb.packs.canonical import epoch_text
from ledgerdb.packs.chain import places_of
from ledgerdb.packs.report import PackReport

__all__ = ["check_proof"]

_Row = Mapping[str, Any]
# The columns that leaf version 1 covers, in its order.
_ATTESTATION: Final = (
    "attestation_id", "instruction_id", "tenant_id", "payload_hash", "signature_hash",
    "received_at", "client_id", "client_id_hash", "member_id", "participant_id",
    "cert_fingerprint_sha256", "token_jti_hash", "correlation_id", "signatures", "upstream_ref",
    "downstream_ref", "nfs_sequence_ref", "ledger_position",
)  # fmt: skip
_ATTEMPT: Final = (
    "attempt_id", "outbox_id", "instruction_id", "participant_id", "sequence_id",
    "idempotency_key", "rail_type", "payload", "attempt_no", "state", "claimed_at", "completed_at",
    "dispatch_started_at", "created_at", "rail_reference", "rail_code", "error_code",
    "error_message", "latency_ms", "worker_id", "closed_by", "lease_token", "redrive_no",
    "tenant_id", "member_id", "correlation_id", "upstream_ref", "downstream_ref",
    "nfs_sequence_ref", "ledger_position",
)  # fmt: skip
_TIMES: Final = ("received_at", "claimed_at", "dispatch_started_at", "completed_at")


def check_proof(document: _Row, report: PackReport) -> None:
    """The rows against their leaves and the rest of the document, the leaves against the seals."""
    proof = document["proof"]
    if proof is None:
        for place in places_of(document):
            report.open(
                f"{place.name}.chain.leaf",
                "nothing shows that it is the hash of these values, nor that it is under the seal:"
                " export with --proof",
            )
        if document["retired"] is not None:
            report.open("retired.digest", "the hashes under it are not there: export with --proof")
        return
    _check_rows(document, proof, report)
    _check_retired(document, proof, report)
    _check_leaves(document, proof, report)


def _check_rows(document: _Row, proof: _Row, report: PackReport) -> None:
    attestation, outbox = document["attestation"], document["outbox"] or {}
    if attestation["chain"] is not None:
        told = _told(attestation)
        _check_row("attestation", proof["attestation"], attestation, told, report)
    if len(proof["attempts"]) != len(document["attempts"]):
        report.wrong("proof.attempts", "are not as many as there are attempts")
        return
    item = {name: outbox.get(name) for name in ("outbox_id", "idempotency_key", "rail_type")}
    item |= {name: attestation[name] for name in ("instruction_id", "tenant_id")}
    item["sequence_id"] = Decimal(outbox["sequence_id"]) if outbox else None
    if attestation["participant_id"] is not None:
        item["participant_id"] = attestation["participant_id"]
    for place, (text, attempt) in enumerate(
        zip(proof["attempts"], document["attempts"], strict=True)
    ):
        if attempt["chain"] is not None:
            told = item | _told(attempt)
            _check_row(f"attempts[{place}]", text, attempt, told, report)


def _told(row: _Row) -> dict[str, Any]:
    """What the document says of a row, in the form that the row is hashed in."""
    told = {name: value for name, value in row.items() if name != "chain"}
    for name in _TIMES:
        if told.get(name) is not None:
            told[name] = epoch_text(told[name])
    position = row["chain"]["position"]
    told["ledger_position"] = None if position is None else Decimal(position)
    return told


def _check_row(
    name: str, text: str, row: _Row, told: Mapping[str, Any], report: PackReport
) -> None:
    if sha256(text.encode()).hexdigest() != row["chain"]["leaf"]:
        report.wrong(f"proof.{name}", f"is not the row whose hash is {name}.chain.leaf")
        return
    found = _columns(text, _ATTEMPT if "attempt_id" in row else _ATTESTATION)
    if found is None:
        report.wrong(f"proof.{name}", "is no row of the ledger")
        return
    differing = [column for column in told if found[column] != told[column]]
    for column in differing:
        member = "chain.position" if column == "ledger_position" else column
        place = f"{name}.{member}" if column in row or member != column else f"proof.{name}"
        report.wrong(place, f"is not what the row under its leaf says of {column}")
    if not differing:
        report.shown(name, "the row whose hash is the leaf says the same")


def _columns(text: str, names: Sequence[str]) -> dict[str, Any] | None:
    """The values of a row, where it has these columns in this order, each once."""
    try:
        pairs = json.loads(text, object_pairs_hook=tuple, parse_int=Decimal, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    if not isinstance(pairs, tuple) or tuple(name for name, _ in pairs) != tuple(names):
        return None
    return dict(pairs)


def _check_retired(document: _Row, proof: _Row, report: PackReport) -> None:
    retired, gone = document["retired"], proof["retired"]
    if retired is None:
        if gone:
            report.wrong("proof.retired", "is there, although nothing was retired")
        return
    if [row["attempt_no"] for row in gone] != [*range(1, retired["attempts"] + 1)]:
        report.wrong("proof.retired", "are not the attempts 1, 2, ... that were retired")
    leaves = "".join(row["chain"]["leaf"] for row in gone)
    if sha256(bytes.fromhex(leaves)).hexdigest() != retired["digest"]:
        report.wrong("retired.digest", "is not the hash over the leaves in proof.retired")
    else:
        report.shown("retired.digest", "is the hash over the leaves in proof.retired")


def _check_leaves(document: _Row, proof: _Row, report: PackReport) -> None:
    seals = {seal["seal_no"]: seal for seal in document["seals"]}
    leaves: dict[str, set[str]] = {}
    for place, under in enumerate(proof["leaves"]):
        name, number = f"proof.leaves[{place}]", under["seal_no"]
        if number in leaves:
            report.wrong(name, f"is there twice for seal {number}")
        elif (seal := seals.get(number)) is None:
            report.wrong(name, f"is about seal {number}, which is not there")
        else:
            leaves[number] = set(_sound_leaves(name, under["leaves"], seal, report))
    for row in places_of(document):
        number = row.chain["seal_no"]
        if number is None or number not in seals:
            continue
        if number not in leaves:
            report.open(f"{row.name}.chain.leaf", f"what is under seal {number} is not in the file")
        elif row.chain["leaf"] in leaves[number]:
            report.shown(f"{row.name}.chain.leaf", f"is under seal {number}")
        else:
            report.wrong(f"{row.name}.chain.leaf", f"is not under seal {number}")


def _sound_leaves(
    name: str, leaves: Sequence[str], seal: _Row, report: PackReport
) -> Iterator[str]:
    """The leaves, where the digest of the seal is that over them."""
    if len(leaves) != seal["row_count"]:
        report.wrong(name, f"has {len(leaves)} leaves, but the seal is over {seal['row_count']}")
    elif sha256(bytes.fromhex("".join(leaves))).hexdigest() != seal["digest"]:
        report.wrong(name, f"does not have the digest of seal {seal['seal_no']}")
    else:
        yield from leaves
