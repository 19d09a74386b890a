"""A contract with a requirement that nobody verifies, or whose evidence does not hold, does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ledgerdb.cli.verifiers import verify as group
from ledgerdb.errors import ConfigurationError
from ledgerdb.verify import contract, contract_file
from ledgerdb.verify.artefacts import Soundness, artefacts
from ledgerdb.verify.everything import write_contract
from ledgerdb.verify.evidence import Evidence, Status, git_sha, read
from ledgerdb.verify.fingerprint import head_fingerprint
from ledgerdb.verify.registry import CONTRACT, VERIFIERS, Verifier
from tests.commands import ROOT
from tests.verify.conftest import verify


def evidence(check_id: str, **changes: Any) -> Evidence:  # noqa: ANN401 - fields of any type
    found = Evidence(
        check_id=check_id,
        timestamp_utc="2026-01-02T03:04:05Z",
        git_sha=git_sha(),
        status=Status.PASS,
        schema_fingerprint=head_fingerprint(),
        details={"findings": []},
    )
    return replace(found, **changes)


def nothing(_grounds: object) -> dict[str, Evidence]:
    return {}


WIRED = {
    "one": Verifier(artefacts=("phase1/one.json",), run=nothing),
    "two": Verifier(artefacts=("phase1/two.json",), run=nothing),
}


def row(name: str, verifier: str, path: str, **more: object) -> dict[str, object]:
    return {
        "id": name,
        "invariant": None,
        "gate": None,
        "meaning": "what must hold of it",
        "verifier": verifier,
        "evidence": path,
        "status": "enforced",
        "required": True,
        **more,
    }


def agreed() -> dict[str, Any]:
    return {
        "rows": [
            row("first", "ledgerdb verify one", "phase1/one.json", invariant="INV-001"),
            row("second", "ledgerdb verify two", "phase1/two.json", required=False),
            row("status", "ledgerdb verify contract", CONTRACT[0]),
            row("closing", "ledgerdb verify contract", CONTRACT[1]),
        ],
        "acceptance": [
            {"number": 1, "says": "the chain passes, all of it", "rows": ["status"]},
            {"number": 2, "says": "the first of them holds", "rows": ["first", "second"]},
            {"number": 3, "says": "something of a later release", "open": "not claimed yet"},
        ],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    evidence("one").write(tmp_path / "phase1" / "one.json")
    evidence("two").write(tmp_path / "phase1" / "two.json")
    return tmp_path


def concluded(
    folder: Path,
    content: dict[str, Any] | None = None,
    verifiers: dict[str, Verifier] = WIRED,
) -> tuple[Evidence, Evidence]:
    file = folder.parent / f"{folder.name}.yml"
    file.write_text(yaml.safe_dump(content or agreed()))
    found = write_contract(folder, file=file, verifiers=verifiers)
    return found[contract.STATUS], found[contract.CLOSEOUT]


def test_it_holds(folder: Path) -> None:
    status, closing = concluded(folder)
    assert (status.status, status.details["findings"]) == (Status.PASS, [])
    assert (closing.status, closing.details["findings"]) == (Status.PASS, [])
    first, second = status.details["rows"]
    assert (first["id"], first["found"], first["invariant"]) == ("first", "PASS", "INV-001")
    assert len(first["sha256"]) == 64
    assert second["found"] == "PASS"
    assert status.details["judged_by_the_closing_statement"] == ["status", "closing"]
    assert closing.details["required_rows"] == closing.details["required_rows_that_hold"] == 3
    assert [one["holds"] for one in closing.details["acceptance"]] == [True, True, None]
    assert closing.details["open"] == [3]
    assert [one.soundness for one in artefacts(folder)] == [Soundness.SOUND] * 4
    assert read(folder / CONTRACT[0]) == status


def test_two_runs_are_the_same_bytes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also over what an earlier run left: the two artefacts do not judge themselves."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767323045")
    concluded(folder)
    first = [(folder / path).read_bytes() for path in CONTRACT]
    concluded(folder)
    assert [(folder / path).read_bytes() for path in CONTRACT] == first


def absent(path: Path) -> None:
    path.unlink()


def edited(path: Path) -> None:
    path.write_text(path.read_text().replace("2026-01-02", "2026-01-03"))


def failed(path: Path) -> None:
    details = {"findings": ["it broke"]}
    evidence(path.stem, status=Status.FAIL, details=details).write(path)


def skipped(path: Path) -> None:
    evidence(path.stem, status=Status.SKIPPED, details={}).write(path)


def stale(path: Path) -> None:
    evidence(path.stem, schema_fingerprint="0" * 64).write(path)


def exchanged(path: Path) -> None:
    evidence("another").write(path)


FAULTS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "absent": (absent, "ABSENT", "there is no such file"),
    "edited": (edited, "INVALID", "edited after it was made"),
    "failed": (failed, "FAIL", "it broke"),
    "skipped": (skipped, "SKIPPED", "it was not looked at"),
    "stale": (stale, "STALE", "stale: of schema 000000000000"),
    "of another check": (exchanged, "INVALID", "is evidence of another"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_required_row_falls(what: str, folder: Path) -> None:
    fault, found, said = FAULTS[what]
    fault(folder / "phase1" / "one.json")
    status, closing = concluded(folder)
    assert (status.status, closing.status) == (Status.FAIL, Status.FAIL)
    (finding,) = status.details["findings"]
    assert finding.startswith(f"first: {found}: ")
    assert said in finding
    assert f"first: {found}" in closing.details["findings"]
    assert "acceptance 2 does not hold: the first of them holds" in closing.details["findings"]
    assert closing.details["required_rows_that_hold"] == 0


@pytest.mark.parametrize("what", FAULTS)
def test_a_row_that_is_not_required_may_be_absent_and_never_wrong(what: str, folder: Path) -> None:
    fault, found, _ = FAULTS[what]
    fault(folder / "phase1" / "two.json")
    content = agreed()
    content["acceptance"][1]["rows"] = ["first"]
    status, closing = concluded(folder, content)
    assert status.details["rows"][1]["found"] == found
    expected = Status.PASS if what == "absent" else Status.FAIL
    assert (status.status, closing.status) == (expected, expected)


def test_what_is_informational_is_only_shown(folder: Path) -> None:
    failed(folder / "phase1" / "two.json")
    content = agreed()
    content["rows"][1]["status"] = "informational"
    status, closing = concluded(folder, content)
    assert (status.status, status.details["rows"][1]["found"]) == (Status.PASS, "FAIL")
    assert closing.details["findings"] == ["acceptance 2 does not hold: the first of them holds"]


@pytest.mark.parametrize(
    ("verifier", "path", "said"),
    [
        ("ledgerdb verify three", "phase1/one.json", "no verifier `ledgerdb verify three`"),
        ("ledgerdb verify one", "phase1/three.json", "does not write phase1/three.json"),
        ("ledgerdb verify contract", "phase1/one.json", "no verifier `ledgerdb verify contract`"),
        ("python -m proof nothing", "correctness/nothing.json", "there is no `python -m proof"),
        ("python -m proof model", "phase1/one.json", "there is no `python -m proof model` that"),
    ],
)
def test_a_row_without_a_verifier_falls(verifier: str, path: str, said: str, folder: Path) -> None:
    content = agreed()
    content["rows"][0] |= {"verifier": verifier, "evidence": path}
    status, _ = concluded(folder, content)
    assert status.status is Status.FAIL
    assert said in status.details["findings"][0]
    assert status.details["rows"][0]["found"] == "UNWIRED"


def test_a_verifier_without_a_row_falls(folder: Path) -> None:
    more = WIRED | {"three": Verifier(artefacts=("phase1/three.json",), run=nothing)}
    status, _ = concluded(folder, verifiers=more)
    assert status.details["findings"] == [
        "phase1/three.json: `ledgerdb verify three` writes it, and no row of the contract names it"
    ]
    content = agreed()
    del content["rows"][3]
    status, _ = concluded(folder, content)
    assert status.details["findings"] == [
        f"{CONTRACT[1]}: `ledgerdb verify contract` writes it, and no row of the contract names it"
    ]


def test_what_changes_afterwards_makes_the_status_stale(folder: Path) -> None:
    concluded(folder)
    evidence("one", details={"findings": [], "more": 1}).write(folder / "phase1" / "one.json")
    found = {one.path: one for one in artefacts(folder)}
    assert found["phase1/one.json"].soundness is Soundness.SOUND
    assert found[CONTRACT[0]].why == ("stale: phase1/one.json is not the file that first had",)
    again, _ = concluded(folder)
    again.write(folder / CONTRACT[0])
    assert {one.soundness for one in artefacts(folder)} == {Soundness.SOUND}
    replace(again, timestamp_utc="2026-01-02T00:00:00Z").write(folder / CONTRACT[0])
    found = {one.path: one for one in artefacts(folder)}
    assert found[CONTRACT[1]].why == (f"stale: it is about another {CONTRACT[0]}",)


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no rows": (lambda content: content.pop("rows"), "'rows' is a required property"),
    "a field too many": (lambda content: content["rows"][0].update(more=1), "'more'"),
    "a verifier by another name": (
        lambda content: content["rows"][0].update(verifier="make test"),
        "$.rows[0].verifier",
    ),
    "outside of evidence": (
        lambda content: content["rows"][0].update(evidence="../one.json"),
        "$.rows[0].evidence",
    ),
    "required and not enforced": (
        lambda content: content["rows"][0].update(status="informational"),
        "$.rows[0].status",
    ),
    "an invariant by another name": (
        lambda content: content["rows"][0].update(invariant="INV-1"),
        "$.rows[0].invariant",
    ),
    "twice": (
        lambda content: content["rows"].append(content["rows"][0]),
        "two rows are called first",
    ),
    "two writers": (
        lambda content: content["rows"][1].update(evidence="phase1/one.json"),
        "two verifiers write phase1/one.json",
    ),
    "accepted by nothing": (
        lambda content: content["acceptance"][0].update(rows=["no-such-row"]),
        "acceptance 1 rests on no-such-row",
    ),
    "neither proven nor open": (
        lambda content: content["acceptance"][0].pop("rows"),
        "$.acceptance[0]",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_contract_that_is_none_is_refused(what: str, tmp_path: Path) -> None:
    change, said = BROKEN[what]
    content = agreed()
    change(content)
    path = tmp_path / "contract.yml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(ConfigurationError) as refused:
        contract_file.load(path)
    assert said in str(refused.value)


@pytest.mark.parametrize("text", ["rows: [", "", "- a list", "rows: !!python/object:os.system {}"])
def test_what_is_no_yaml_of_a_contract_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "contract.yml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"contract\.yml is no"):
        contract_file.load(path)


def test_every_verifier_is_wired_and_has_a_row() -> None:
    """No row may exist without its verifier, and no verifier without its row."""
    loaded = contract_file.load()
    registered = {(one.verifier, one.evidence) for one in loaded.rows}
    written = {
        (f"ledgerdb verify {name}", path)
        for name, verifier in VERIFIERS.items()
        for path in verifier.artefacts
    } | {("ledgerdb verify contract", path) for path in CONTRACT}
    assert {pair for pair in registered if not pair[0].startswith("python")} == written
    for verifier, path in registered - written:
        name = verifier.removeprefix("python -m proof ")
        assert (ROOT / "proof" / name / "command.py").is_file()
        assert path == f"correctness/{name}.json"
    commands = {command.name for command in group.registered_commands}
    assert commands == VERIFIERS.keys() | {"all", "contract", "evidence"}


def test_the_invariants_of_the_programme_are_registered() -> None:
    rows = contract_file.load().rows
    assert {one.invariant for one in rows} - {None} == {
        *("INV-001", "INV-003", "INV-004", "INV-010", "INV-011", "INV-012", "INV-013"),
        *("INV-014", "INV-015", "INV-077", "INV-117", "INV-118", "INV-119"),
    }
    paths = {one.invariant: one.evidence for one in rows}
    assert paths["INV-117"] == "phase0/db_timeout_posture.json"
    assert paths["INV-118"] == "phase1/ingress_hotpath_indexes.json"
    assert {one.evidence for one in rows if one.invariant == "INV-119"} == {
        f"phase1/agent_conformance_{role}.json"
        for role in ("architect", "implementer", "policy_guardian")
    }
    assert {one.number for one in contract_file.load().acceptance} == {1, 2, 3, 4, 5, 6}


def test_the_command(tmp_path: Path) -> None:
    """Of an empty folder: every required row is absent, but for what the checkout has proven."""
    done = verify("contract", "--dir", tmp_path, "--out", tmp_path / "out")
    assert (done.code, done.stderr) == (1, "")
    assert "INV-117-timeouts: ABSENT: there is no such file" in done.stdout
    assert "phase1_closeout: FAIL" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert read(tmp_path / "out" / CONTRACT[0]).status is Status.FAIL
    done = verify("contract", "--dir", tmp_path, "--json")
    status, closing = json.loads(done.stdout)
    assert (done.code, status["status"], closing["status"]) == (1, "FAIL", "FAIL")


def test_a_folder_that_is_named_by_mistake_is_not_made(tmp_path: Path) -> None:
    folder = tmp_path / "nothing"
    done = verify("contract", "--dir", folder)
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr == f"error: no folder {folder}\n"
    assert not folder.exists()
