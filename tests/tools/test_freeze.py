"""`make freeze` in a checkout of its own: copies, pins, and what it refuses."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from tests.migrations.project import Project
from tools import freeze

BODY = """\
create or replace function public.{name}() returns int language plpgsql as $function$
begin
    return {value};
end;
$function$;
"""


class Checkout(Project):
    """A git repository with one function and, when committed, one revision that installs it."""

    @property
    def live(self) -> Path:
        return self.root / "sqlfunctions"

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        subprocess.run(
            ["git", "-C", str(self.root), *identity, *arguments],
            check=True,
            capture_output=True,
            timeout=30,
        )

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a revision")

    def write(self, name: str, value: int) -> str:
        text = BODY.format(name=name, value=value)
        (self.live / f"{name}.sql").write_text(text)
        return text


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout.empty(tmp_path)
    made.live.mkdir()
    made.git("init", "--quiet")
    made.add_revision("0001", {"frozen/0001_one.sql": made.write("one", 1)})
    return made


def check(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = freeze.main(["--check"], root=checkout.root)
    return code, capsys.readouterr().out


def test_a_checkout_in_step(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(checkout, capsys) == (0, "functions, copies and pins agree\n")
    assert freeze.main([], root=checkout.root) == 0
    assert capsys.readouterr().out == "nothing to freeze\n"


def test_a_changed_function_is_found_and_frozen_for_the_next_revision(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.commit()
    text = checkout.write("one", 2)
    code, said = check(checkout, capsys)
    assert (code, said) == (1, "sqlfunctions/one.sql differs from its newest copy in frozen\n")

    assert freeze.main(["--revision", "0002"], root=checkout.root) == 0
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert capsys.readouterr().out == (
        f'    op.install_function(\n        "0002_one.sql",\n        sha256="{digest}",\n    )\n'
    )
    copy = checkout.migrations / "frozen" / "0002_one.sql"
    assert copy.read_text() == text
    code, said = check(checkout, capsys)
    assert (code, said) == (1, "frozen/0002_one.sql is not run by any revision\n")
    checkout.add_revision("0002", {"frozen/0002_one.sql": text})
    assert check(checkout, capsys)[0] == 0


def test_a_committed_copy_is_never_changed(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.commit()
    copy = checkout.migrations / "frozen" / "0001_one.sql"
    before = copy.read_bytes()
    checkout.write("one", 2)
    checkout.write("two", 2)
    assert freeze.main([], root=checkout.root) == 1
    assert "frozen/0001_one.sql is pinned by a committed revision" in capsys.readouterr().err
    assert copy.read_bytes() == before
    assert not (checkout.migrations / "frozen" / "0001_two.sql").exists()


def test_a_copy_of_a_revision_at_work_may_change(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    text = checkout.write("one", 3)
    assert freeze.main([], root=checkout.root) == 0
    assert (checkout.migrations / "frozen" / "0001_one.sql").read_text() == text
    code, said = check(checkout, capsys)  # the pin in the revision is the old one
    assert code == 1
    assert "frozen/0001_one.sql was changed after it was pinned" in said + capsys.readouterr().out


def test_each_kind_of_disorder_is_named(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.add_revision("0002", {"ddl/0002_a.sql": "select 1;\n"})
    (checkout.migrations / "ddl" / "0002_a.sql").write_text("select 2;\n")
    (checkout.migrations / "ddl" / "0002_stray.sql").write_text("select 3;\n")
    (checkout.live / "one.sql").unlink()
    checkout.write("new", 1)
    code, said = check(checkout, capsys)
    assert code == 1
    lines = said.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "sqlfunctions/new.sql differs from its newest copy in frozen",
        "frozen/0001_one.sql has no live function sqlfunctions/one.sql",
        "ddl/0002_stray.sql is not run by any revision",
        "ddl/0002_a.sql was changed after it was pinned",
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("Upper", BODY.format(name="Upper", value=1), "must be named NNNN_name.sql"),
        ("odd", "select 1;\n", "no `as $function$` or `begin atomic` body found"),
    ],
)
def test_what_cannot_be_installed_is_not_frozen(
    checkout: Checkout, capsys: pytest.CaptureFixture[str], name: str, text: str, message: str
) -> None:
    (checkout.live / f"{name}.sql").write_text(text)
    assert freeze.main(["--revision", "0002"], root=checkout.root) == 1
    assert message in capsys.readouterr().err
    assert len(list((checkout.migrations / "frozen").iterdir())) == 1


def test_without_a_revision_there_is_no_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = Checkout.empty(tmp_path)
    empty.live.mkdir()
    empty.write("one", 1)
    assert freeze.main([], root=tmp_path) == 1
    assert "no revision in migrations/versions" in capsys.readouterr().err
