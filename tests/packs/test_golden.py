"""Packs of format version 1 verify for ever: these files never change."""

from __future__ import annotations

from hashlib import sha256

import pytest

from ledgerdb.packs import KeptSeal, PackReport, check_pack
from ledgerdb.verify.ledger_evidence import watermark_of
from tests.packs.conftest import GOLDEN

FILES = {
    "eventful": "b0a5c8dd2a73c35d9babba0f461159736414109515825a66b7c1dfbda973b9b7",
    "retired": "576ea7d262088451e23c66e3cd00fd5e664e1218818cdee847dd717e00b738d3",
    "without-position": "9445aee7fec9e0e517bd367f6f8ec6a1ee546a1c15ba749710e7bed1cb3636a9",
    "waiting": "e1fe5199d8707ad9dd55310f26da2e77ac0a58d0c85df204a19019301e927abd",
}


def kept() -> tuple[KeptSeal, ...]:
    """The newest seal of the ledger that the golden packs are of."""
    watermark = watermark_of(GOLDEN / "kept.json")
    assert watermark is not None
    return (KeptSeal(watermark.seal_no, watermark.seal_hash.hex()),)


def check(name: str) -> PackReport:
    """With everything that can be given beside the file."""
    data = (GOLDEN / f"{name}.json").read_bytes()
    assert sha256(data).hexdigest() == FILES[name], "a golden file was changed"
    return check_pack(data, payload=(GOLDEN / "payload").read_bytes(), kept=kept())


@pytest.mark.parametrize("name", FILES)
def test_a_golden_pack_holds(name: str) -> None:
    assert check(name).findings == []


def test_what_a_golden_pack_proves_stays_proven() -> None:
    report = check("eventful")
    assert [str(one) for one in report.proven] == [
        "digest: is that of the content: nothing was changed by accident",
        "attestation.payload_hash: is that of the payload that was given",
        "outbox.fingerprint: is that of participant, rail and payload",
        *(f"seals: lead from seal {number} to a seal that was kept" for number in (8, 9, 10)),
        "attestation: the row whose hash is the leaf says the same",
        *(f"attempts[{place}]: the row whose hash is the leaf says the same" for place in range(5)),
        "attestation.chain.leaf: is under seal 8",
        "attempts[0].chain.leaf: is under seal 9",
        *(f"attempts[{place}].chain.leaf: is under seal 10" for place in range(1, 5)),
    ]
    assert [one.field for one in report.unproven] == ["outbox", "late_results", "operator_actions"]


def test_a_pack_without_proof_claims_none() -> None:
    report = check("waiting")
    assert "seals: lead from seal 12 to a seal that was kept" in [str(one) for one in report.proven]
    assert [one.field for one in report.unproven] == [
        "attempts",
        "attestation.chain.leaf",
        "outbox",
    ]
