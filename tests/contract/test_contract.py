"""The evidence that is committed: every requirement has it, it holds, and it is of today.

Where this fails after a change, the evidence is to be made again in the same change:
`ledgerdb verify all`, and `python -m proof NAME` for a row that names a proof.
"""

from __future__ import annotations

import pytest

from ledgerdb.verify.artefacts import Soundness, look_at
from ledgerdb.verify.contract import judge
from ledgerdb.verify.contract_file import load
from ledgerdb.verify.evidence import Status, git
from ledgerdb.verify.registry import CONTRACT, VERIFIERS
from tests.commands import ROOT

EVIDENCE = ROOT / "evidence"

pytestmark = pytest.mark.skipif(
    git("rev-parse", "--is-shallow-repository") == "true",
    reason="a shallow clone has not the commits that evidence names",
)


def test_every_requirement_has_evidence_that_holds() -> None:
    judged = judge(load(), VERIFIERS, EVIDENCE)
    assert {one.id: (one.status, *one.why) for one in judged if one.counts} == {}


def test_the_closing_statement_is_about_this_evidence() -> None:
    status, closing = (look_at(EVIDENCE, path) for path in CONTRACT)
    assert {status.soundness, closing.soundness} == {Soundness.SOUND}, status.why + closing.why
    assert status.evidence is not None
    assert closing.evidence is not None
    assert {status.evidence.status, closing.evidence.status} == {Status.PASS}
    assert closing.evidence.details["contract_status"]["sha256"] == status.sha256
    recorded = {row["id"]: row["sha256"] for row in status.evidence.details["rows"]}
    assert recorded == {one.id: one.sha256 for one in judge(load(), VERIFIERS, EVIDENCE)}
