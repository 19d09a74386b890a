"""Signed approvals: by a key that the checkout allows, or they do not count."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ledgerdb.approvals.documents import ApprovalRefused
from ledgerdb.approvals.draft import draft_approval
from ledgerdb.approvals.policy import Role
from tests.approvals.conftest import PEOPLE, REASON, Repository

PRINCIPALS = {
    Role.ARCHITECT: "ada@example.org",
    Role.IMPLEMENTER: '"Brook Fred"',
    Role.POLICY_GUARDIAN: "cy@example.org",
}


def keys(folder: Path) -> dict[Role, Path]:
    for role in Role:
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / role], check=True
        )
    return {role: folder / role for role in Role}


@pytest.fixture
def by_key(repository: Repository, tmp_path: Path) -> dict[Role, Path]:
    """A checkout that counts only signed approvals; role -> key."""
    made = keys(tmp_path)
    lines = [
        f"{PRINCIPALS[role]} {key.with_suffix('.pub').read_text()}" for role, key in made.items()
    ]
    repository.write("evidence/allowed_signers", "".join(lines))
    repository.edit("evidence/change-control.toml", "required = false", "required = true")
    return made


def approve(repository: Repository, signers: dict[Role, Path]) -> None:
    for role, key in signers.items():
        draft_approval(repository.root, role, by=PEOPLE[role], reason=REASON).write(key)


def test_signed_by_every_role(repository: Repository, by_key: dict[Role, Path]) -> None:
    approve(repository, by_key)
    assert len([*repository.folders[0].glob("*.sig")]) == len(Role)
    repository.holds()
    repository.change()
    approve(repository, by_key)
    repository.holds()


def test_an_unsigned_approval_does_not_count(
    repository: Repository, by_key: dict[Role, Path]
) -> None:
    with pytest.raises(ApprovalRefused, match="give --sign KEY"):
        repository.approve(Role.ARCHITECT)
    approve(repository, by_key)
    (repository.folders[0] / "implementer.json.sig").unlink()
    repository.only(Role.IMPLEMENTER, "implementer approved without a signature")


def test_a_key_of_somebody_else(repository: Repository, by_key: dict[Role, Path]) -> None:
    approve(repository, by_key | {Role.ARCHITECT: by_key[Role.IMPLEMENTER]})
    repository.only(Role.ARCHITECT, "the signature of architect does not hold: ")


def test_a_forged_approval_has_no_signature(
    repository: Repository, by_key: dict[Role, Path]
) -> None:
    approve(repository, by_key)
    repository.rewrite(
        repository.folders[0] / "policy_guardian.json", reason="quite something else"
    )
    repository.only(Role.POLICY_GUARDIAN, "the signature of policy_guardian does not hold: ")


def test_a_signature_for_something_else(repository: Repository, by_key: dict[Role, Path]) -> None:
    approve(repository, by_key)
    record = repository.folders[0] / "architect.json"
    record.with_name("architect.json.sig").unlink()
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", by_key[Role.ARCHITECT], record],
        check=True,
    )
    repository.only(Role.ARCHITECT, "does not hold: ")


def test_a_voluntary_signature_must_hold_too(repository: Repository, tmp_path: Path) -> None:
    approve(repository, keys(tmp_path))
    repository.all_find("evidence/allowed_signers is missing")


def test_without_the_program_it_cannot_be_told(
    repository: Repository, by_key: dict[Role, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(repository, by_key)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("LEDGERDB_GIT_SHA", "0123456789")
    repository.all_find("ssh-keygen is not installed here")


@pytest.mark.parametrize("what", ["missing", "none"])
def test_a_key_that_signs_nothing(what: str, repository: Repository, tmp_path: Path) -> None:
    key = tmp_path / what
    if what == "none":
        key.write_text("no key\n")
        key.chmod(0o600)
    with pytest.raises(ApprovalRefused, match="not signed: "):
        approve(repository, {Role.ARCHITECT: key})
    assert not (repository.root / "evidence" / "approvals").exists()
