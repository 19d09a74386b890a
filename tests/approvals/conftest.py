"""A small checkout with a regulated surface of every kind of file, under change control."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledgerdb.approvals.draft import draft_approval
from ledgerdb.approvals.policy import Role
from ledgerdb.verify.conformance import verify_conformance
from tests.commands import ROOT

PEOPLE = {
    Role.ARCHITECT: "Ada Lovelace <ada@example.org>",
    Role.IMPLEMENTER: "Brook Fred",
    Role.POLICY_GUARDIAN: "cy@example.org",
}
REASON = "reviewed in full"
IDENTITY = ("-c", "user.name=n", "-c", "user.email=n@example.org")

FUNCTION = """\
-- f: says one.
-- Locks: none. Raises: nothing.
create or replace function public.f()
returns integer
language sql
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
    select 1;
$function$;
comment on function public.f is 'One.';
revoke all on function public.f from public;
"""
TABLE = "create table public.t (n integer);\n"
REVISION = '''\
"""The first."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.install_function("0001_f.sql", sha256="{function}")
    op.run_script("0001_t.sql", sha256="{table}")
'''

ONLINE = '''\
"""The first, while the database is in use."""

revision = "0001"
replaces = {{"0001_t.sql": ("0001_t.sql", "{table}")}}
'''


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# The policy of this repository, but for three people.
_, _SEPARATOR, _REST = (
    (ROOT / "evidence" / "change-control.toml").read_text("utf-8").partition("[signatures]\n")
)
_SIGNATURES_AND_ROLES = _SEPARATOR + _REST
STRICT = """\
[separation]
separated = [
    ["architect", "implementer"],
    ["architect", "policy_guardian"],
    ["implementer", "policy_guardian"],
]

"""
FILES = (
    {
        ".gitattributes": (ROOT / ".gitattributes").read_text(),
        ".gitignore": "__pycache__/\n*.swp\n",
        "README.md": "not regulated\n",
        "evidence/contract.yml": "rows: []\n",
        "evidence/phase1/some_check.json": "{}\n",
        "migrations/bookkeeping.sql": "-- books\n",
        "migrations/catalog/0001.json": "{}\n",
        "migrations/clients/0.1.0.json": "{}\n",
        "migrations/ddl/0001_t.sql": TABLE,
        "migrations/env.py": "",
        "migrations/frozen/0001_f.sql": FUNCTION,
        "migrations/online/0001_first.py": ONLINE.format(table=sha256(TABLE)),
        "migrations/phases.toml": "# none\n",
        "migrations/schema.sql": TABLE,
        "migrations/script.py.mako": "${message}\n",
        "migrations/verify/0001_first.sql": "select 'finding' where false\n",
        "migrations/versions/0001_first.py": REVISION.format(
            function=sha256(FUNCTION), table=sha256(TABLE)
        ),
        "sqlfunctions/README.md": "# The SQL functions\n",
        "sqlfunctions/f.sql": FUNCTION,
    }
    | {
        f"evidence/{path.name}": path.read_text("utf-8")
        for path in (ROOT / "evidence").glob("*.schema.json")
    }
    | {"evidence/change-control.toml": STRICT + _SIGNATURES_AND_ROLES}
)
REGULATED = sorted(
    path
    for path in FILES
    if path.startswith(("migrations/", "sqlfunctions/", "evidence/")) and "phase1" not in path
)


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository in a folder of its own."""

    root: Path

    def copy(self, folder: Path) -> Repository:
        shutil.copytree(self.root, folder / "checkout")
        return Repository(folder / "checkout")

    def git(self, *arguments: str | Path) -> str:
        return subprocess.run(
            ["git", "-C", self.root, *IDENTITY, *arguments],
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "m")

    def write(self, path: str, text: str, *, add: bool = True) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8", newline="")
        if add:
            self.git("add", "--", path)
        return file

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text("utf-8")
        assert old in text
        self.write(path, text.replace(old, new))

    def approve(self, *roles: Role, by: Mapping[Role, str] = PEOPLE) -> None:
        for role in roles or Role:
            draft_approval(self.root, role, by=by[role], reason=REASON).write()

    def change(self, text: str = "-- more\n") -> None:
        """A change that contradicts nothing."""
        self.write("migrations/bookkeeping.sql", text)

    @property
    def folders(self) -> list[Path]:
        return sorted((self.root / "evidence" / "approvals").iterdir())

    def rewrite(self, file: Path, **fields: object) -> None:
        """Forges a record: other fields, and a checksum that fits them."""
        content = json.loads(file.read_text("utf-8")) | fields
        if "checksum" in content:
            rest = {name: value for name, value in content.items() if name != "checksum"}
            plain = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            content["checksum"] = sha256(plain)
        file.write_text(
            json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False) + "\n", "utf-8"
        )

    def forge(self, folder: Path, **fields: object) -> None:
        """Forges a change, and every approval so that it is of this change."""
        self.rewrite(folder / "change.json", **fields)
        change = sha256((folder / "change.json").read_text("utf-8"))
        for role in Role:
            self.rewrite(folder / f"{role}.json", change=change)

    def findings(self) -> dict[str, list[str]]:
        """What the witness finds, by role; a role without findings passes, and no other does."""
        found = verify_conformance(self.root)
        for evidence in found.values():
            evidence.text()  # it is valid
            assert (evidence.status == "PASS") == (evidence.details["findings"] == [])
        return {role: evidence.details["findings"] for role, evidence in found.items()}

    def all_find(self, words: str) -> None:
        """Every role fails, with the words among its findings."""
        for findings in self.findings().values():
            assert any(words in finding for finding in findings), (words, findings)

    def only(self, role: Role, words: str) -> None:
        """That role fails, with the words in its one finding; the others pass."""
        findings = self.findings()
        (finding,) = findings.pop(role)
        assert words in finding
        assert not any(findings.values()), findings

    def holds(self) -> None:
        assert not any(self.findings().values()), self.findings()


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = Repository(tmp_path_factory.mktemp("fresh"))
    made.git("init", "--quiet", "--initial-branch=main")
    for path, text in FILES.items():
        made.write(path, text, add=False)
    made.commit()
    return made


@pytest.fixture(scope="session")
def signed(fresh: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = fresh.copy(tmp_path_factory.mktemp("signed"))
    made.approve()
    made.commit()
    return made


@pytest.fixture
def repository(fresh: Repository, tmp_path: Path) -> Repository:
    """Committed, and approved by nobody yet."""
    return fresh.copy(tmp_path)


@pytest.fixture
def approved(signed: Repository, tmp_path: Path) -> Repository:
    """Approved by every role, and committed."""
    return signed.copy(tmp_path)
