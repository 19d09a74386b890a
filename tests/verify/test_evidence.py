"""Evidence is canonical, validated, replaced in one step, and repeatable."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import ledgerdb
from ledgerdb.errors import ConfigurationError
from ledgerdb.verify import evidence
from ledgerdb.verify.evidence import Evidence, InvalidEvidence, Status, read, validate
from tests.commands import ROOT

ARTEFACTS = sorted(
    path
    for path in (ROOT / "evidence").rglob("*.json")
    if not path.name.endswith(".schema.json")
    and path.relative_to(ROOT / "evidence").parts[0] not in ("approvals", "perf")
)
SOUND = Evidence(
    check_id="some_check",
    timestamp_utc="2026-01-02T03:04:05Z",
    git_sha="0123456789abcdef",
    status=Status.PASS,
    schema_fingerprint="a" * 64,
    details={"z": 1, "a": {"y": [1.5, None], "b": "ä"}},
)


def test_the_text_is_canonical() -> None:
    text = SOUND.text()
    assert text.endswith("}\n")
    assert json.loads(text)["details"] == SOUND.details
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


WRONG: dict[str, dict[str, Any]] = {
    "short check": {"check_id": "ab"},
    "spoken check": {"check_id": "Some Check"},
    "local time": {"timestamp_utc": "2026-01-02T03:04:05+02:00"},
    "no such day": {"timestamp_utc": "2026-02-30T03:04:05Z"},
    "short commit": {"git_sha": "012345"},
    "a branch": {"git_sha": "main-branch"},
    "unknown status": {"status": "OK"},
    "no fingerprint": {"schema_fingerprint": ""},
    "a list": {"details": [1]},
}


@pytest.mark.parametrize("what", WRONG)
def test_what_breaks_the_schema_is_not_written(what: str, tmp_path: Path) -> None:
    path = tmp_path / "sub" / "artefact.json"
    SOUND.write(path)
    (field,) = WRONG[what]
    with pytest.raises(InvalidEvidence, match=re.escape(f"$.{field}")):
        replace(SOUND, **WRONG[what]).write(path)
    assert path.read_text() == SOUND.text()


@pytest.mark.parametrize("field", json.loads(SOUND.text()))
def test_every_field_is_required(field: str) -> None:
    content = json.loads(SOUND.text())
    del content[field]
    with pytest.raises(InvalidEvidence, match=field):
        validate(content)


def test_other_fields_belong_into_the_details() -> None:
    with pytest.raises(InvalidEvidence, match="more"):
        validate(json.loads(SOUND.text()) | {"more": 1})
    with pytest.raises(InvalidEvidence):
        validate([])


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 2**53])
def test_a_number_that_json_has_not_is_refused(number: float, tmp_path: Path) -> None:
    with pytest.raises(InvalidEvidence, match="no canonical JSON"):
        replace(SOUND, details={"ratio": number}).write(tmp_path / "a.json")
    assert [*tmp_path.iterdir()] == []


def test_the_checksum_is_that_of_the_canonical_json() -> None:
    """Computed here by hand for content whose canonical form is plain."""
    content = json.loads(replace(SOUND, details={"b": 1.0, "a": [True, "\u00e4"]}).text())
    canonical = (
        '{"check_id":"some_check","details":{"a":[true,"\u00e4"],"b":1},'
        '"git_sha":"0123456789abcdef","schema_fingerprint":"' + "a" * 64 + '","status":"PASS",'
        '"timestamp_utc":"2026-01-02T03:04:05Z"}'
    )
    assert content["checksum"] == hashlib.sha256(canonical.encode()).hexdigest()


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    SOUND.write(path)
    assert read(path) == SOUND
    assert read(path).text() == SOUND.text()


EDITS = {
    "status": ('"PASS"', '"FAIL"', "edited after it was made: its checksum is"),
    "detail": ('"z": 1', '"z": 2', "edited after it was made: its checksum is"),
    "commit": ('"0123456789', '"1123456789', "edited after it was made: its checksum is"),
    "checksum": ('"checksum": "', '"checksum": "0', "$.checksum"),
    "spaces": ('"z": 1', '"z":  1', "not laid out"),
    "twice": ('"status": "PASS"', '"status": "FAIL",\n  "status": "PASS"', "not laid out"),
    "cut": ("}\n", "", "no JSON"),
    "appended": ("}\n", "}\n\n", "not laid out"),
}


@pytest.mark.parametrize("what", EDITS)
def test_an_edited_file_is_refused(what: str, tmp_path: Path) -> None:
    old, new, said = EDITS[what]
    text = SOUND.text()
    path = tmp_path / "a.json"
    place = text.rindex(old)
    path.write_text(text[:place] + new + text[place + len(old) :])
    with pytest.raises(InvalidEvidence, match=re.escape(said)):
        read(path)


@pytest.mark.parametrize("content", [b"\xff", b"", b"[" * 100_000, b"null", b"[]", b"{}"])
def test_what_is_no_evidence_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(InvalidEvidence):
        read(path)


def test_a_file_is_replaced_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    SOUND.write(path)

    def interrupted(self: Path, target: Path) -> None:
        assert json.loads(self.read_text())["status"] == "FAIL"
        assert path.read_text() == SOUND.text()
        raise KeyboardInterrupt(target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replace(SOUND, status=Status.FAIL).write(path)
    assert [*tmp_path.iterdir()] == [path]
    assert path.read_text() == SOUND.text()


def test_the_time_can_be_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(evidence.EPOCH_VARIABLE, "86399")
    assert evidence.timestamp_utc() == "1970-01-01T23:59:59Z"
    monkeypatch.delenv(evidence.EPOCH_VARIABLE)
    assert evidence.timestamp_utc() > "2026"


@pytest.mark.parametrize("text", ["yesterday", "1.5", "9" * 30])
def test_a_time_that_is_none(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(evidence.EPOCH_VARIABLE, text)
    with pytest.raises(ConfigurationError, match=evidence.EPOCH_VARIABLE):
        evidence.timestamp_utc()


def test_the_commit_is_that_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(evidence.SHA_VARIABLE, "fedcba9876543210")
    package = tmp_path / "ledgerdb" / "__init__.py"
    monkeypatch.setattr(ledgerdb, "__file__", str(package))
    assert evidence.checkout() is None
    assert evidence.git_sha() == "fedcba9876543210"  # an installed package
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "evidence.schema.json").touch()
    assert evidence.checkout() == tmp_path
    git = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=n@example.org"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    assert evidence.git_sha() == "fedcba9876543210"  # nothing is committed yet
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "m"], check=True)
    head = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    assert evidence.git_sha() == head
    assert evidence.has_uncommitted_changes() is False
    (tmp_path / "evidence" / "other.json").touch()
    (tmp_path / "code.py").touch()
    subprocess.run([*git, "add", "evidence"], check=True)
    assert evidence.has_uncommitted_changes() is False
    subprocess.run([*git, "add", "code.py"], check=True)
    assert evidence.has_uncommitted_changes() is True


def test_without_a_commit_there_is_no_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(evidence.SHA_VARIABLE, raising=False)
    monkeypatch.setattr(ledgerdb, "__file__", str(tmp_path / "ledgerdb" / "__init__.py"))
    assert evidence.has_uncommitted_changes() is None
    with pytest.raises(ConfigurationError, match=evidence.SHA_VARIABLE):
        evidence.git_sha()


@pytest.mark.parametrize("path", ARTEFACTS, ids=lambda path: path.stem)
def test_a_committed_artefact_is_valid(path: Path) -> None:
    found = read(path)
    assert found.check_id == path.stem
    assert found.status is Status.PASS
