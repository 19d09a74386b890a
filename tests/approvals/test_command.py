"""`ledgerdb approve`, `ledgerdb approvals` and `ledgerdb verify conformance` as people run them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledgerdb.approvals.policy import Role
from ledgerdb.cli import app
from ledgerdb.verify.evidence import read
from tests.approvals.conftest import PEOPLE, REASON, Repository
from tests.commands import Result, assert_refused, run

ARTEFACT = "phase1/agent_conformance_{}.json"


def invoke(*arguments: str | Path, stdin: str = "") -> Result:
    """A command in this process; an error would come out as it is."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return Result(done.exit_code, done.stdout, done.stderr)


def approve(
    repository: Repository, role: str, *more: str, by: str = "Ada", stdin: str = ""
) -> Result:
    words = ("--by", by, "--reason", REASON)
    return invoke("approve", role, *words, "--root", repository.root, *more, stdin=stdin)


def test_three_people_approve_and_the_witness_agrees(
    repository: Repository, tmp_path: Path
) -> None:
    def conformance(*more: str | Path) -> Result:
        return invoke("verify", "conformance", "--root", repository.root, *more)

    assert conformance("--out", tmp_path).code == 1
    for role in Role:
        done = approve(repository, role, "--yes", by=PEOPLE[role])
        assert (done.code, done.stderr) == (0, "")
    name = repository.folders[0].name
    assert f"wrote evidence/approvals/{name}/policy_guardian.json\n" in done.stdout
    assert done.stdout.endswith("still to sign: nobody; commit the folder with the change\n")

    done = conformance("--out", tmp_path)
    assert (done.code, done.stderr) == (0, "")
    for role, line in zip(Role, done.stdout.splitlines(), strict=True):
        path = tmp_path / ARTEFACT.format(role)
        assert line == f"agent_conformance_{role}: PASS ({path})"
        assert read(path).details["approval"]["by"] == PEOPLE[role]

    repository.change()
    done = conformance("--json")
    assert (done.code, done.stderr) == (1, "")
    documents = json.loads(done.stdout)
    assert [document["status"] for document in documents] == ["FAIL"] * 3
    written = repository.root / "evidence" / ARTEFACT.format("architect")
    assert json.loads(written.read_text()) == documents[0]
    done = conformance()
    first, *rest = done.stdout.splitlines()
    assert first == "migrations/bookkeeping.sql: changed after the approval"  # once, for all
    assert len(rest) == 3


def test_a_person_reads_and_is_asked(approved: Repository) -> None:
    approved.change("-- books\n-- and more\n")
    done = approve(approved, "implementer", stdin="n\n")
    assert done.code == 1
    for line in (
        f", after {approved.folders[0].name}",
        "  changed  migrations/bookkeeping.sql  +1 -0",
        "note: 1 of these files are not committed yet",
        "implementer signs:\n  - The tests were run with these bytes",
        f"reason: {REASON}",
        "Ada, do you approve as implementer? [y/N]",
    ):
        assert line in done.stdout
    assert len(approved.folders) == 1
    assert approve(approved, "implementer", stdin="").code == 1  # nobody answers
    assert len(approved.folders) == 1
    done = approve(approved, "implementer", stdin="y\n")
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.endswith("still to sign: architect, policy_guardian\n")


def test_many_files_are_shown_by_folder(repository: Repository) -> None:
    for number in range(50):
        repository.write(f"sqlfunctions/notes/{number}.md", "one\ntwo\n", add=False)
    repository.git("add", "--all")
    done = approve(repository, "architect", "--dry-run")
    assert "  added    sqlfunctions/notes/      50 files  +100 -0\n" in done.stdout


def test_a_dry_run_writes_nothing(repository: Repository) -> None:
    done = approve(repository, "architect", "--dry-run", "--json")
    assert (done.code, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert document["written"] is False
    assert document["approval"]["by"] == "Ada"
    assert document["still_missing"] == ["implementer", "policy_guardian"]
    assert "sqlfunctions/f.sql" in document["change"]["changes"]["added"]
    assert document["lines"]["evidence/contract.yml"] == [1, 0]
    done = approve(repository, "architect", "--dry-run")
    assert done.stdout.endswith("dry run: nothing was written\n")
    assert repository.git("status", "--porcelain") == ""


def test_a_signed_approval(repository: Repository, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    done = approve(repository, "architect", "--yes", "--json", "--sign", str(key))
    assert (done.code, done.stderr) == (0, "")
    assert json.loads(done.stdout)["written"] is True
    assert (repository.folders[0] / "architect.json.sig").read_text().startswith("-----BEGIN SSH")


def test_what_is_refused_is_one_line(approved: Repository) -> None:
    words = ("--by", "Ada", "--reason", REASON, "--yes")
    done = run("ledgerdb", "approve", "architect", *words, "--root", approved.root)
    assert_refused(done, "error: nothing to approve: 0001-")
    assert done.code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("auditor", "--by", "Ada", "--reason", REASON),
        ("architect", "--reason", REASON),
        ("architect", "--by", "Ada"),
        ("architect", "--by", "Ada", "--reason", REASON, "--root", "/nowhere"),
        ("architect", "--by", "Ada", "--reason", REASON, "--sign", "/nowhere"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    done = invoke("approve", *arguments)
    assert (done.code, done.stdout) == (2, "")


def test_who_approved_what(repository: Repository) -> None:
    def approvals(*more: str) -> Result:
        return invoke("approvals", "--root", repository.root, *more)

    assert approvals().stdout == "not approved: nobody has approved anything yet\n"
    repository.approve(Role.ARCHITECT)
    done = approvals()
    assert done.code == 1
    head, ada, *missing, last = done.stdout.splitlines()
    assert head.startswith(f"{repository.folders[0].name}  ")
    assert ada.startswith("  architect       Ada Lovelace <ada@example.org>, ")
    assert ada.endswith(f": {REASON}")
    assert missing == ["  implementer     missing", "  policy_guardian missing"]
    assert last == "not approved: missing: implementer, policy_guardian"
    repository.approve(Role.IMPLEMENTER, Role.POLICY_GUARDIAN)
    done = approvals()
    assert (done.code, done.stdout.splitlines()[-1]) == (0, "approved by every role")
    repository.change()
    done = approvals()
    assert done.code == 1
    assert done.stdout.endswith("the bytes have moved on\n  changed  migrations/bookkeeping.sql\n")
    document = json.loads(approvals("--json").stdout)
    assert document["approved"] is False
    assert [*document["unapproved"]["changed"]] == ["migrations/bookkeeping.sql"]
    assert document["steps"][0]["approvals"][1]["by"] == PEOPLE[Role.IMPLEMENTER]


def test_what_cannot_be_found_out(repository: Repository, tmp_path: Path) -> None:
    places: tuple[str | Path, ...] = ("--root", repository.root, "--out", tmp_path / "out")
    noon = {"SOURCE_DATE_EPOCH": "noon"}
    done = run("ledgerdb", "verify", "conformance", *places, variables=noon)
    assert done.code == 2
    assert_refused(done, "error: SOURCE_DATE_EPOCH")
    assert not (tmp_path / "out").exists()
