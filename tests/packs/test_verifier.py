"""`ledgerdb verify packs`: it holds, and it sees a check that finds nothing, or too much."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledgerdb.cli import app
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.packs import check_pack
from ledgerdb.verify.evidence import validate
from ledgerdb.verify.packs import ARTEFACT, commands
from ledgerdb.verify.packs.forger import Skill, bare, canonical, forgeries
from ledgerdb.verify.packs.sweep import UNSEALED, missed, sweep
from tests.packs.documents import golden


def test_it_holds(server_18: EmbeddedServer, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app,
        [
            *("verify", "packs", "--quick", "--json"),
            "--url",
            server_18.url(),
            "--out",
            str(tmp_path),
        ],
    )
    assert (done.exit_code, done.stderr) == (0, ""), done.stdout
    found = json.loads((tmp_path / ARTEFACT).read_text("utf-8"))
    validate(found)
    assert len(found["details"]["proven"]) == 16
    assert {row["skill"] for row in found["details"]["forgeries"]} == {*Skill}
    assert all(row["made"] > 0 for row in found["details"]["forgeries"])


def swept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: dict[str, Any]) -> list[str]:
    """What the verifier says of a check that answers so, whatever it is asked."""
    monkeypatch.setattr(commands, "examine", lambda files, *_: [answer for _ in files])
    return [*missed(sweep({"eventful": golden()}, tmp_path, (), lambda _: None, every=9))]


def test_a_check_that_finds_nothing_is_seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = swept(monkeypatch, tmp_path, {"status": "HOLDS", "unproven": []})
    assert any(line.startswith("careless, with --proof: eventful: ") for line in said)
    assert any(line.startswith("insider, with --proof, --seals") for line in said)
    assert not any(name in line for line in said for name in UNSEALED if "forger" in line)


def test_a_check_that_holds_nothing_is_seen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = swept(monkeypatch, tmp_path, {"status": "BROKEN", "unproven": []})
    assert said == [
        f"{skill}: a genuine pack does not hold"
        for skill in (
            "careless, with --proof",
            *("forger, the pack alone", "forger, with --proof"),
            "forger, with --proof, --seals and --payload",
            *("insider, with --proof", "insider, with --proof, --seals and --payload"),
        )
    ]


def test_a_sweep_of_nothing_proves_nothing() -> None:
    row = {"skill": "careless", "given": "", "made": 0, "genuine ones hold": True, "unnoticed": {}}
    assert [*missed([row])] == ["careless, : nothing was forged"]


@pytest.mark.parametrize("skill", [Skill.FORGER, Skill.INSIDER])
def test_a_forger_is_as_good_as_the_ledger(skill: Skill) -> None:
    """What is made to fit does fit: else the check would only see bad work."""
    forged = [*forgeries(golden(), skill)]
    for forgery in forged:
        fields = {one.field for one in check_pack(forgery.data).findings}
        assert not fields & {"", "digest", "timeline"}, forgery.what
    if skill is Skill.INSIDER:
        held = [forgery.what for forgery in forged if check_pack(forgery.data).ok]
        assert {"attempts[].rail_reference", "attestation.payload_hash"} <= {*held}


def test_bare_is_what_an_export_without_proof_would_be() -> None:
    report = check_pack(canonical(bare(golden())))
    assert report.findings == []
    assert not [one for one in report.proven if "leaf" in one.field]
