"""What `ledgerdb approve` signs, and everything that it refuses to sign."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledgerdb.approvals.documents import ApprovalRefused
from ledgerdb.approvals.draft import Draft, draft_approval
from ledgerdb.approvals.policy import Role
from ledgerdb.approvals.surface import Surface
from ledgerdb.errors import ConfigurationError
from tests.approvals.conftest import FUNCTION, PEOPLE, REASON, REGULATED, Repository, sha256


def draft(
    repository: Repository,
    role: Role = Role.ARCHITECT,
    *,
    by: str = "Ada Lovelace",
    reason: str = REASON,
) -> Draft:
    return draft_approval(repository.root, role, by=by, reason=reason)


def test_the_first_approval_is_of_everything(repository: Repository) -> None:
    made = draft(repository)
    assert made.follows is None
    assert [*made.changes.added] == REGULATED
    assert not made.changes.changed
    assert not made.changes.removed
    assert made.change["surface"]["files"] == len(REGULATED)
    assert made.still_missing == (Role.IMPLEMENTER, Role.POLICY_GUARDIAN)
    assert made.uncommitted == ()
    assert made.lines["sqlfunctions/f.sql"] == (len(FUNCTION.splitlines()), 0)
    assert not (repository.root / "evidence" / "approvals").exists()


def test_a_change_is_told_file_by_file(approved: Repository) -> None:
    approved.write("migrations/ddl/notes.sql", "-- one\n-- two\n")
    approved.edit("migrations/phases.toml", "# none\n", "# none\n# really\n")
    (approved.root / "migrations" / "schema.sql").unlink()
    made = draft(approved)
    assert made.follows == approved.folders[0].name
    assert dict(made.changes.added) == {"migrations/ddl/notes.sql": sha256("-- one\n-- two\n")}
    assert dict(made.changes.changed) == {
        "migrations/phases.toml": (sha256("# none\n"), sha256("# none\n# really\n"))
    }
    assert [*made.changes.removed] == ["migrations/schema.sql"]
    assert made.lines == {
        "migrations/ddl/notes.sql": (2, 0),
        "migrations/phases.toml": (1, 0),
        "migrations/schema.sql": (0, 1),
    }
    assert set(made.uncommitted) == {*made.changes.paths}
    approved.commit()
    assert draft(approved).uncommitted == ()
    assert draft(approved).lines == made.lines


def test_what_is_written_is_what_was_shown(repository: Repository) -> None:
    made = draft(repository, by=PEOPLE[Role.ARCHITECT])
    path = made.write()
    assert json.loads(path.read_text("utf-8")) == made.approval
    assert path == repository.folders[0] / "architect.json"
    assert json.loads((path.parent / "change.json").read_text("utf-8")) == made.change
    assert made.approval["statements"]


def test_an_approval_can_be_made_again_to_the_byte(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    one = draft(repository).write().read_bytes()
    (repository.folders[0] / "architect.json").unlink()
    assert draft(repository).write().read_bytes() == one
    assert b'"approved_at": "1970-01-01T00:00:00Z"' in one


def test_a_time_that_is_none(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "noon")
    with pytest.raises(ConfigurationError, match="SOURCE_DATE_EPOCH"):
        draft(repository)


def test_roles_sign_in_any_order(repository: Repository) -> None:
    repository.approve(Role.POLICY_GUARDIAN, Role.ARCHITECT)
    made = draft(repository, Role.IMPLEMENTER, by=PEOPLE[Role.IMPLEMENTER])
    assert made.still_missing == ()
    made.write()
    repository.holds()


def test_an_approved_surface_is_not_approved_again(approved: Repository) -> None:
    with pytest.raises(ApprovalRefused, match=r"nothing to approve: 0001-.* by every role"):
        draft(approved)


def test_a_role_signs_once(repository: Repository) -> None:
    repository.approve(Role.ARCHITECT)
    with pytest.raises(
        ApprovalRefused, match=r"architect has signed .* missing: implementer, policy_guardian"
    ):
        draft(repository, by="Someone Else")


@pytest.mark.parametrize("role", [Role.IMPLEMENTER, Role.POLICY_GUARDIAN])
@pytest.mark.parametrize("by", ["ADA lovelace", "Countess <Ada@example.org>"])
def test_one_person_does_not_sign_for_roles_that_are_kept_apart(
    role: Role, by: str, repository: Repository
) -> None:
    repository.approve(Role.ARCHITECT)
    with pytest.raises(ApprovalRefused, match=f"signed as architect, which {role} is kept apart"):
        draft(repository, role, by=by)


def test_a_looser_policy_counts_from_the_next_change_on(approved: Repository) -> None:
    policy = "evidence/change-control.toml"
    approved.edit(policy, '    ["architect", "implementer"],\n', "")
    with pytest.raises(ApprovalRefused, match="'reason' is a required property"):
        draft(approved)
    approved.edit(policy, "[signatures]", 'reason = "we are two people only"\n\n[signatures]')
    approved.approve(Role.ARCHITECT)
    with pytest.raises(ApprovalRefused, match="kept apart"):
        draft(approved, Role.IMPLEMENTER, by=PEOPLE[Role.ARCHITECT])
    approved.approve(Role.IMPLEMENTER, Role.POLICY_GUARDIAN)
    approved.change()
    approved.approve(Role.ARCHITECT)
    draft(approved, Role.IMPLEMENTER, by=PEOPLE[Role.ARCHITECT])


def test_bytes_that_moved_on_need_every_role_again(repository: Repository) -> None:
    repository.approve(Role.ARCHITECT)
    repository.change()
    with pytest.raises(ApprovalRefused, match="the bytes have moved on") as refused:
        draft(repository, Role.IMPLEMENTER, by="Brook")
    assert "migrations/bookkeeping.sql" in str(refused.value)
    withdraw = str(refused.value).partition("(git ")[2].partition(")")[0]
    assert "migrations" not in withdraw


def test_a_withdrawn_approval_makes_room(repository: Repository) -> None:
    repository.approve(Role.ARCHITECT)
    repository.commit()
    repository.change()
    with pytest.raises(ApprovalRefused) as refused:
        draft(repository)
    said = str(refused.value)
    repository.git(*said[said.index("(git ") + 5 : said.rindex(") and approve")].split())
    repository.approve()
    repository.holds()


@pytest.mark.parametrize("path", ["migrations/ddl/new.sql", "sqlfunctions/.f.sql.swp"])
def test_what_git_has_not_is_not_approved(path: str, approved: Repository) -> None:
    approved.write(path, "-- new\n", add=False)
    with pytest.raises(ApprovalRefused, match=f"git does not have .* {path}$"):
        draft(approved)


def test_bytes_that_a_clone_would_not_have(approved: Repository) -> None:
    approved.write("migrations/schema.sql", "create table public.t (n integer);\r\n")
    with pytest.raises(ApprovalRefused, match=r"other line ends .* migrations/schema\.sql$"):
        draft(approved)


@pytest.mark.parametrize(
    ("path", "old", "new", "words"),
    [
        ("migrations/ddl/0001_t.sql", "integer", "bigint", "0001_t.sql was changed after"),
        ("migrations/frozen/0001_f.sql", "1;", "2;", "0001_f.sql was changed after"),
        ("sqlfunctions/f.sql", "1;", "2;", "f differs from its newest frozen copy 0001_f.sql"),
        ("migrations/versions/0001_first.py", '"0001_t.sql"', "name", "with literal texts"),
        ("migrations/versions/0001_first.py", "def ", "deff ", "invalid syntax"),
    ],
)
def test_a_surface_that_contradicts_itself(
    path: str, old: str, new: str, words: str, approved: Repository
) -> None:
    approved.edit(path, old, new)
    with pytest.raises(ApprovalRefused, match=f"contradicts itself: .*{words}"):
        draft(approved)


def test_functions_and_copies_that_do_not_pair(approved: Repository) -> None:
    approved.write("sqlfunctions/g.sql", FUNCTION)
    (approved.root / "sqlfunctions" / "f.sql").unlink()
    with pytest.raises(ApprovalRefused, match=r"g has no frozen copy .*; f is frozen, and has no"):
        draft(approved)


def test_what_is_more_than_its_bytes(approved: Repository) -> None:
    (approved.root / "migrations" / "env.py").chmod(0o755)
    (approved.root / "migrations" / "link").symlink_to("env.py")
    approved.write("migrations/a b.sql", "")
    with pytest.raises(ApprovalRefused) as refused:
        draft(approved)
    for words in ("env.py: executable", "link: a symbolic link", "'migrations/a b.sql': a name"):
        assert words in str(refused.value)


@pytest.mark.parametrize(
    ("by", "reason", "words"),
    [
        ("", REASON, "who signs is a name"),
        ("A", REASON, "who signs is a name"),
        (" Ada", REASON, "who signs is a name"),
        ("Ada <>", REASON, "who signs is a name"),
        ("Ada <ada@example.org> x", REASON, "who signs is a name"),
        ("A\u200bda", REASON, "characters that can be seen"),
        ("Ada", "fine", "10 letters or more"),
        ("Ada", "fine" + " " * 20, "10 letters or more"),
        ("Ada", "fine\x1b[2J" + REASON, "characters that can be seen"),
        ("Ada", "\udcff" + REASON, "characters that can be seen"),
        ("Ada", REASON * 200, "is too long"),
        ("Ada " * 60 + "!", REASON, "is too long"),
    ],
)
def test_words_that_say_too_little(
    by: str, reason: str, words: str, repository: Repository
) -> None:
    with pytest.raises(ApprovalRefused, match=words):
        draft(repository, by=by, reason=reason)


def test_a_chain_that_was_touched(approved: Repository) -> None:
    approved.change()
    record = approved.folders[0] / "architect.json"
    sound = record.read_text()
    record.write_text(sound.replace("reviewed", "rewiewed"))
    with pytest.raises(ApprovalRefused, match=r"architect\.json was edited: its checksum"):
        draft(approved)
    record.write_text(sound)
    approved.approve()
    approved.rewrite(record, reason="another reason")
    approved.change("-- third\n")
    with pytest.raises(ApprovalRefused, match=r"0002-\w+ does not follow 0001-"):
        draft(approved)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"role": "implementer"}, "is of another role or another change"),
        ({"change": "0" * 64}, "is of another role or another change"),
        ({"reason": "fine, \u202e quite so"}, "has characters that cannot be seen"),
    ],
)
def test_a_forged_approval_stands_in_the_way(
    fields: dict[str, object], words: str, approved: Repository
) -> None:
    approved.change()
    approved.rewrite(approved.folders[0] / "architect.json", **fields)
    with pytest.raises(ApprovalRefused, match=words):
        draft(approved)


def test_a_forged_change_stands_in_the_way(approved: Repository) -> None:
    approved.forge(approved.folders[0], surface={"digest": "0" * 64, "files": 1})
    with pytest.raises(ApprovalRefused, match="its changes do not lead to its digest"):
        draft(approved)
    nothing = {"added": {}, "changed": {}, "removed": {"migrations/gone.sql": "0" * 64}}
    approved.forge(approved.folders[0], changes=nothing)
    with pytest.raises(ApprovalRefused, match="do not follow from the surface before"):
        draft(approved)


def test_what_was_there_is_not_added() -> None:
    added = {"added": {"a": "1"}, "changed": {}, "removed": {}}
    with pytest.raises(ApprovalRefused, match="do not follow"):
        Surface({"a": "1"}).after(added)


def test_what_lies_about_stands_in_the_way(approved: Repository) -> None:
    approved.change()
    record = approved.folders[0] / "architect.json"
    sound = record.read_text()
    record.write_text(sound.replace(": ", ":  "))
    with pytest.raises(ApprovalRefused, match="it is not as `ledgerdb approve` writes it"):
        draft(approved)
    record.write_text(sound)
    stray = approved.folders[0] / "auditor.json"
    stray.touch()
    with pytest.raises(ApprovalRefused, match=r"has what is no approval: \['auditor.json'\]"):
        draft(approved)
    stray.unlink()
    (approved.folders[0].parent / "notes.txt").touch()
    with pytest.raises(ApprovalRefused, match=r"notes\.txt is no approval"):
        draft(approved)


def test_a_change_beside_one_that_is_not_complete(approved: Repository) -> None:
    approved.change()
    approved.approve(Role.ARCHITECT)
    (approved.folders[0].parent / "0003-000000000000").mkdir()
    with pytest.raises(ApprovalRefused, match="is not signed by implementer, policy_guardian"):
        draft(approved)


def test_without_a_policy_there_is_no_approval(repository: Repository) -> None:
    (repository.root / "evidence" / "change-control.toml").unlink()
    with pytest.raises(ApprovalRefused, match=r"change-control\.toml cannot be read"):
        draft(repository)


def test_an_approval_is_made_in_a_checkout_of_git(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (repository.root / ".git").rename(tmp_path / "no-git")
    with pytest.raises(ApprovalRefused, match="not a git repository"):
        draft(repository)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ApprovalRefused, match="git is not installed"):
        draft(repository)


def test_a_checkout_without_commits(repository: Repository, tmp_path: Path) -> None:
    (repository.root / ".git").rename(tmp_path / "old")
    repository.git("init", "--quiet")
    repository.git("add", "--all")
    repository.approve()
    repository.change()
    made = draft(repository)
    assert (made.lines, made.uncommitted) == ({}, ())
    repository.approve()
    repository.holds()


def test_bytes_that_move_while_somebody_reads(repository: Repository) -> None:
    made = draft(repository)
    repository.change()
    with pytest.raises(ApprovalRefused, match="has changed meanwhile"):
        made.write()
    assert not (repository.root / "evidence" / "approvals").exists()


def test_two_who_sign_as_one_role_at_once(repository: Repository) -> None:
    one, other = draft(repository), draft(repository, by="Someone Else")
    path = one.write()
    text = path.read_text()
    with pytest.raises(ApprovalRefused, match="was written meanwhile"):
        other.write()
    assert path.read_text() == text


def test_roles_that_sign_on_branches_merge(repository: Repository) -> None:
    """Nothing in `change.json` is of the person or of the time."""
    for role in Role:
        repository.git("checkout", "--quiet", "-b", role, "main")
        repository.approve(role)
        repository.commit()
    repository.git("checkout", "--quiet", "main")
    for role in Role:
        repository.git("merge", "--quiet", "--no-edit", role)
    repository.holds()
