"""The witness passes what three roles approved, and fails everything else by its name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ledgerdb.approvals.policy import Role
from ledgerdb.verify.conformance import verify_conformance
from tests.approvals.conftest import FUNCTION, PEOPLE, REGULATED, Repository

ROLES = [*Role]
POLICY = "evidence/change-control.toml"
REVISION = "migrations/versions/0001_first.py"
LIVE = "sqlfunctions/f.sql"
TO_PUBLIC = "grant execute on function public.f to public;\n"


def test_what_every_role_approved_holds(approved: Repository) -> None:
    approved.holds()
    found = verify_conformance(approved.root)
    details = {role: evidence.details for role, evidence in found.items()}
    assert {role: detail["approval"]["by"] for role, detail in details.items()} == PEOPLE
    assert all(detail["surface"]["files"] == len(REGULATED) for detail in details.values())
    assert all(detail["chain"] == [approved.folders[0].name] for detail in details.values())
    assert details["architect"]["facts"] == {"revisions": 1, "head": "0001", "functions": 1}
    assert details["implementer"]["facts"] == {"pinned_files": 3, "live_functions": 1}
    assert details["policy_guardian"]["facts"] == {
        "functions": 1,
        "with_the_rights_of_their_owner": 1,
    }


def test_nothing_approved_fails(repository: Repository) -> None:
    repository.all_find("nothing was ever approved")


@pytest.mark.parametrize("path", REGULATED)
def test_a_byte_after_the_approval_fails(path: str, approved: Repository) -> None:
    with (approved.root / path).open("ab") as file:
        file.write(b"\n")
    approved.all_find(f"{path}: changed after the approval")


@pytest.mark.parametrize("path", REGULATED)
def test_a_file_that_is_gone_fails(path: str, approved: Repository) -> None:
    (approved.root / path).unlink()
    chain = path == "evidence/approved-change.schema.json"  # without it nothing can be read
    approved.all_find(f"{path} is missing" if chain else f"{path}: approved, and gone")


@pytest.mark.parametrize(
    "path",
    [
        "migrations/new/deep/er.txt",
        "migrations/.hidden",
        "sqlfunctions/g.swp",
        "evidence/more.schema.json",
        "evidence/allowed_signers",
    ],
)
def test_a_file_that_came_fails(path: str, approved: Repository) -> None:
    approved.write(path, "x\n", add=False)
    approved.all_find(f"{path}: added after the approval")


@pytest.mark.parametrize(
    "path",
    ["README.md", "evidence/phase1/some_check.json", "migrations/versions/__pycache__/a.pyc"],
)
def test_what_is_not_regulated_may_change(path: str, approved: Repository) -> None:
    approved.write(path, "other\n", add=False)
    approved.holds()


def test_line_ends_are_named(approved: Repository) -> None:
    approved.write("migrations/schema.sql", "create table public.t (n integer);\r\n")
    approved.all_find("migrations/schema.sql: only its line ends after the approval")


def test_what_is_more_than_its_bytes_fails(approved: Repository) -> None:
    schema = approved.root / "migrations" / "schema.sql"
    schema.chmod(0o755)
    approved.all_find("migrations/schema.sql: executable")
    schema.rename(approved.root / "elsewhere.sql")
    schema.symlink_to("../elsewhere.sql")
    approved.all_find("migrations/schema.sql: a symbolic link")
    schema.unlink()
    os.mkfifo(schema)
    approved.all_find("migrations/schema.sql: no regular file")


@pytest.mark.parametrize("folder", ["migrations", "sqlfunctions", "evidence"])
def test_a_folder_that_is_elsewhere_fails(folder: str, approved: Repository) -> None:
    (approved.root / folder).rename(approved.root / "elsewhere")
    (approved.root / folder).symlink_to("elsewhere", target_is_directory=True)
    approved.all_find(f"{folder}: a symbolic link")


@pytest.mark.parametrize("name", ["a b.sql", "ä.sql", "a\n.sql", "b c/a.sql"])
def test_a_name_that_not_every_checkout_keeps(name: str, approved: Repository) -> None:
    approved.write(f"migrations/{name}", "", add=False)
    approved.all_find(f"{f'migrations/{name}'!r}: a name")


@pytest.mark.parametrize("role", ROLES)
def test_a_missing_role_is_named(role: Role, approved: Repository) -> None:
    (approved.folders[0] / f"{role}.json").unlink()
    approved.only(role, f"{role} has not approved")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("reviewed", "rewiewed", "was edited: its checksum is another"),
        ('"by": "', '"by": "Not ', "was edited: its checksum is another"),
        ('"reason"', ' "reason"', "was edited: it is not laid out"),
        ("{", "", "was edited: it is no JSON"),
        ('"role"', '"rolle"', "is not as evidence/approval.schema.json says"),
        ('"role": "architect"', '"role": "architect", "role": "architect"', "not laid out"),
        ("T", "t", "is not as evidence/approval.schema.json says"),
    ],
)
def test_an_edited_approval_fails(old: str, new: str, words: str, approved: Repository) -> None:
    path = approved.folders[0] / "architect.json"
    approved.edit(path.relative_to(approved.root).as_posix(), old, new)
    approved.only(Role.ARCHITECT, words)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"role": "implementer"}, "is of the role implementer"),
        ({"surface": "0" * 64}, "approves another change"),
        ({"change": "0" * 64}, "approves another change"),
        ({"statements": ["all good"]}, "signed other statements than the policy has"),
        ({"reason": "fine, \u202e quite so"}, "characters that cannot be seen"),
    ],
)
def test_a_forged_approval_fails(
    fields: dict[str, object], words: str, approved: Repository
) -> None:
    approved.rewrite(approved.folders[0] / "architect.json", **fields)
    approved.only(Role.ARCHITECT, words)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"number": 2}, "is not number 1 of the chain"),
        ({"surface": {"digest": "0" * 64, "files": 1}}, "its changes lead to the surface"),
        ({"changes": {"added": {}, "changed": {}, "removed": {}}}, "its changes lead to"),
        ({"previous": {"folder": "0001-000000000000", "files": {}}}, "names one before it"),
        ({"more": 1}, "is not as evidence/approved-change.schema.json says"),
        ({"separated": []}, "approves another change than the one beside it"),
    ],
)
def test_an_edited_change_fails(
    fields: dict[str, object], words: str, approved: Repository
) -> None:
    approved.rewrite(approved.folders[0] / "change.json", **fields)
    approved.all_find(words)


@pytest.mark.parametrize(
    ("kind", "entries"),
    [
        ("added", {"migrations/new.sql": "1" * 64, "migrations/phases.toml": "1" * 64}),
        ("changed", {"migrations/bookkeeping.sql": {"before": "1" * 64, "after": "2" * 64}}),
        ("removed", {"migrations/schema.sql": "1" * 64}),
    ],
)
def test_a_change_of_what_was_not_there_fails(
    kind: str, entries: dict[str, object], approved: Repository
) -> None:
    approved.write("migrations/new.sql", "")
    approved.change()
    (approved.root / "migrations" / "schema.sql").unlink()
    approved.approve()
    approved.holds()
    changes = json.loads((approved.folders[1] / "change.json").read_text())["changes"]
    approved.forge(approved.folders[1], changes=changes | {kind: entries})
    approved.all_find("was edited: its changes do not follow from what was approved before")


def test_roles_that_the_change_does_not_keep_apart_fail(approved: Repository) -> None:
    approved.forge(approved.folders[0], separated=[])
    approved.all_find("keeps other roles apart than the policy")


def test_a_folder_under_another_name_fails(approved: Repository) -> None:
    folder = approved.folders[0]
    moved = folder.rename(folder.with_name("0001-000000000000"))
    approved.all_find("its changes lead to the surface")
    moved.rename(approved.root / "elsewhere")
    folder.symlink_to(approved.root / "elsewhere", target_is_directory=True)
    approved.all_find("is no folder of approvals")


def test_a_change_that_follows_another_fails(approved: Repository) -> None:
    approved.change()
    approved.approve()
    for previous in (None, {"folder": "0001-000000000000", "files": {}}):
        approved.forge(approved.folders[1], previous=previous)
        approved.all_find(f"does not follow {approved.folders[0].name}")


def test_what_lies_beside_approvals_fails(approved: Repository) -> None:
    stray = approved.folders[0] / "auditor.json"
    stray.touch()
    approved.all_find("'auditor.json' is no approval")
    stray.unlink()
    stray.mkdir()
    approved.all_find("holds what is no file")
    stray.rmdir()
    (approved.folders[0].parent / "notes.txt").touch()
    approved.all_find("evidence/approvals/notes.txt is no folder of approvals")


def three_steps(repository: Repository) -> None:
    for text in ("-- two\n", "-- three\n"):
        repository.change(text)
        repository.approve()
    repository.holds()


def test_an_older_approval_cannot_change(approved: Repository) -> None:
    three_steps(approved)
    approved.rewrite(approved.folders[0] / "architect.json", reason="another reason")
    approved.all_find("other than it was when it was signed: architect.json")


def test_a_hole_in_the_chain_fails(approved: Repository) -> None:
    three_steps(approved)
    shutil.rmtree(approved.folders[1])
    approved.all_find("is not number 2 of the chain")


def test_a_chain_without_its_beginning_fails(approved: Repository) -> None:
    three_steps(approved)
    shutil.rmtree(approved.folders[0])
    approved.all_find("is not number 1 of the chain")


def test_a_chain_that_was_cut_is_about_other_bytes(approved: Repository) -> None:
    three_steps(approved)
    shutil.rmtree(approved.folders[2])
    approved.all_find("migrations/bookkeeping.sql: changed after the approval")


def test_two_changes_side_by_side_fail(approved: Repository) -> None:
    approved.change("-- one branch\n")
    approved.approve()
    kept = approved.folders[1].rename(approved.root / "kept")
    approved.change("-- another branch\n")
    approved.approve()
    approved.holds()
    digest = (kept / "change.json").read_text().partition('"digest": "')[2][:12]
    kept.rename(approved.folders[0].parent / f"0002-{digest}")
    approved.all_find("two stand side by side")


def test_going_back_needs_approval(approved: Repository) -> None:
    old = (approved.root / "migrations" / "bookkeeping.sql").read_text()
    three_steps(approved)
    approved.change(old)
    approved.all_find("migrations/bookkeeping.sql: changed after the approval")
    approved.approve()
    approved.holds()
    first, last = approved.folders[0], approved.folders[-1]
    assert (first.name[5:], last.name[:4]) == (last.name[5:], "0004")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dee Dee", "dee  DEE"),
        ("Dee Dee", "\uff24ee Dee"),  # in fullwidth letters
        ("Dee Dee", "Dee Dee <dee@example.org>"),
        ("D. <dee@example.org>", "Dee <Dee@Example.org>"),
        ("dee@example.org", "Dee <dee@example.org>"),
    ],
)
def test_one_person_is_not_two(one: str, other: str, approved: Repository) -> None:
    approved.rewrite(approved.folders[0] / "implementer.json", by=one)
    approved.rewrite(approved.folders[0] / "policy_guardian.json", by=other)
    findings = approved.findings()
    assert findings.pop("architect") == []
    for (finding,) in findings.values():
        assert "implementer and policy_guardian were signed by one person" in finding


RELAXED = """\
separated = [["implementer", "policy_guardian"]]
reason = "we are two people only"
"""


def relax(repository: Repository) -> None:
    text = (repository.root / POLICY).read_text("utf-8")
    head, _, rest = text.partition("separated = [")
    repository.write(POLICY, head + RELAXED + rest.partition("]\n\n")[2])


def test_a_looser_policy_counts_from_the_next_change_on(approved: Repository) -> None:
    relax(approved)
    approved.approve()
    approved.holds()
    two = PEOPLE | {Role.ARCHITECT: PEOPLE[Role.IMPLEMENTER]}
    approved.rewrite(approved.folders[1] / "architect.json", by=two[Role.ARCHITECT])
    findings = approved.findings()
    assert "architect and implementer were signed by one person" in findings["architect"][0]
    approved.rewrite(approved.folders[1] / "architect.json", by=PEOPLE[Role.ARCHITECT])
    approved.change()
    approved.approve(by=two)
    approved.holds()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "is missing: nothing says who must approve"),
        ("separation", "is no TOML"),
        ("[separation]\nseparated = []\n", "is not as evidence/change-control.schema.json says"),
    ],
)
def test_a_policy_that_says_nothing_fails(
    text: str | None, words: str, approved: Repository
) -> None:
    if text is None:
        (approved.root / POLICY).unlink()
    else:
        approved.write(POLICY, text)
    approved.all_find(f"{POLICY} {words}")


@pytest.mark.parametrize(
    "schema",
    ["approval.schema.json", "approved-change.schema.json", "change-control.schema.json"],
)
def test_a_schema_that_says_nothing_fails(schema: str, approved: Repository) -> None:
    approved.write(f"evidence/{schema}", "{")
    approved.all_find(f"evidence/{schema} is no JSON")


def test_a_catalog_that_cannot_be_read_fails(approved: Repository) -> None:
    approved.write("migrations/catalog/0001.json", "{")
    approved.all_find("migrations/catalog cannot be read")
    approved.all_find("migrations/catalog/0001.json: changed")


def facts_fail(repository: Repository, role: Role, words: str) -> None:
    findings = repository.findings()
    assert any(words in finding for finding in findings.pop(role))
    for others in findings.values():
        assert not any(words in finding for finding in others)


@pytest.mark.parametrize(
    ("role", "path", "edit", "words"),
    [
        (Role.ARCHITECT, REVISION, ("= None", '= "0000"'), "does not follow nothing"),
        (Role.ARCHITECT, REVISION, ("def upgrade", "def downgrade"), "has a downgrade"),
        (Role.IMPLEMENTER, "migrations/ddl/0001_t.sql", ("integer", "bigint"), "other bytes"),
        (Role.IMPLEMENTER, "migrations/frozen/0001_f.sql", ("1;", "2;"), "other bytes"),
        (Role.IMPLEMENTER, LIVE, ("select 1", "select 2"), "differs from its newest frozen copy"),
        (Role.POLICY_GUARDIAN, LIVE, ("-- f:", "-- g:"), "its head does not say its name"),
        (Role.POLICY_GUARDIAN, LIVE, ("Locks:", "Lock:"), "its head does not say its name"),
        (Role.POLICY_GUARDIAN, LIVE, (", pg_temp", ""), "its search_path is not fixed"),
        (Role.POLICY_GUARDIAN, LIVE, ("revoke", "-- revoke"), "PUBLIC is not kept out"),
        (Role.POLICY_GUARDIAN, LIVE, ("comment", TO_PUBLIC + "comment"), "PUBLIC is not kept out"),
    ],
)
def test_a_fact_that_does_not_hold_fails_its_role(
    role: Role, path: str, edit: tuple[str, str], words: str, approved: Repository
) -> None:
    approved.edit(path, *edit)
    facts_fail(approved, role, words)


def test_a_function_without_a_copy_fails_the_architect(approved: Repository) -> None:
    approved.write("sqlfunctions/g.sql", FUNCTION)
    facts_fail(approved, Role.ARCHITECT, "sqlfunctions/g.sql: no frozen copy")
    (approved.root / "sqlfunctions" / "f.sql").unlink()
    facts_fail(approved, Role.ARCHITECT, "f is frozen, and has no live function")


def test_a_revision_that_is_no_python(approved: Repository) -> None:
    approved.write("migrations/versions/0001_first.py", "def")
    approved.all_find("migrations/versions/0001_first.py: changed")
    assert any("is no Python" in finding for finding in approved.findings()["implementer"])


@pytest.mark.parametrize("ends", ["true", "false", "input"])
def test_a_clone_holds_whatever_its_line_ends(
    ends: str, approved: Repository, tmp_path: Path
) -> None:
    settings = (
        "-c",
        f"core.autocrlf={ends}",
        "-c",
        f"core.eol={'crlf' if ends == 'false' else 'native'}",
    )
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", *settings, "clone", "--quiet", approved.root, clone],
        check=True,
        capture_output=True,
    )
    Repository(clone).holds()
