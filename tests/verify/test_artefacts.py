"""Evidence that is edited, stale, of the future or of another history is refused, and named."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import ledgerdb
from ledgerdb.errors import ConfigurationError
from ledgerdb.verify import freshness
from ledgerdb.verify.artefacts import Soundness, artefacts, look_at
from ledgerdb.verify.evidence import Evidence, Status, git_sha
from ledgerdb.verify.fingerprint import head_fingerprint
from ledgerdb.verify.freshness import staleness
from tests.verify.conftest import verify


@pytest.fixture(autouse=True)
def _asks_git_anew() -> Iterator[None]:
    """What git said of another test's repository is not remembered."""
    freshness._of_commit.cache_clear()
    yield
    freshness._of_commit.cache_clear()


def sound(check_id: str = "some_check") -> Evidence:
    return Evidence(
        check_id=check_id,
        timestamp_utc="2026-01-02T03:04:05Z",
        git_sha=git_sha(),
        status=Status.PASS,
        schema_fingerprint=head_fingerprint(),
        details={"findings": []},
    )


def test_sound_evidence_is_sound(tmp_path: Path) -> None:
    sound().write(tmp_path / "phase1" / "some_check.json")
    (found,) = artefacts(tmp_path)
    assert (found.path, found.soundness, found.why) == (
        "phase1/some_check.json",
        Soundness.SOUND,
        (),
    )
    assert found.evidence == sound()


FAULTY: dict[str, tuple[Callable[[Evidence], Evidence], Soundness, str]] = {
    "another schema": (
        lambda found: replace(found, schema_fingerprint="a" * 64),
        Soundness.STALE,
        "stale: of schema aaaaaaaaaaaa, and the newest revision makes ",
    ),
    "another commit": (
        lambda found: replace(found, git_sha="a" * 40),
        Soundness.STALE,
        "made at commit aaaaaaaaaaaa, which is not in this repository",
    ),
    "the future": (
        lambda found: replace(
            found, timestamp_utc=f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
        ),
        Soundness.STALE,
        "made in the future, at ",
    ),
    "another's": (
        lambda found: replace(found, check_id="other_check"),
        Soundness.INVALID,
        "is evidence of other_check, under the name of some_check",
    ),
}


@pytest.mark.parametrize("what", FAULTY)
def test_what_is_of_something_else_is_refused(what: str, tmp_path: Path) -> None:
    change, soundness, said = FAULTY[what]
    change(sound()).write(tmp_path / "some_check.json")
    found = look_at(tmp_path, "some_check.json")
    assert found.soundness is soundness
    (why,) = found.why
    assert said in why


def test_clocks_may_differ_a_little() -> None:
    made_at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert [*staleness(sound(), made_at - timedelta(minutes=4))] == []
    assert [*staleness(sound(), made_at - timedelta(minutes=6))] != []


def test_every_file_is_looked_at_and_nothing_else(tmp_path: Path) -> None:
    sound("one").write(tmp_path / "phase0" / "one.json")
    (tmp_path / "stray.json").write_text("{}")
    (tmp_path / "evidence.schema.json").write_text("{}")
    (tmp_path / "approvals").mkdir()
    (tmp_path / "approvals" / "change.json").write_text("{}")
    (tmp_path / "README.md").touch()
    found = {one.path: one.soundness for one in artefacts(tmp_path)}
    assert found == {"phase0/one.json": Soundness.SOUND, "stray.json": Soundness.INVALID}
    with pytest.raises(ConfigurationError, match="no folder"):
        artefacts(tmp_path / "nothing")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A checkout of its own, that this code takes for the one it runs from."""
    root = tmp_path / "checkout"
    (root / "ledgerdb").mkdir(parents=True)
    (root / "evidence").mkdir()
    (root / "evidence" / "evidence.schema.json").touch()

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), "-c", "user.name=n", "-c", "user.email=n@example.org"]
        done = subprocess.run([*command, *arguments], check=True, capture_output=True, text=True)
        return str(done.stdout).strip()

    git("init", "--quiet", "--initial-branch", "main")
    git("commit", "--quiet", "--allow-empty", "-m", "first")
    monkeypatch.setattr(ledgerdb, "__file__", str(root / "ledgerdb" / "__init__.py"))
    freshness._of_commit.cache_clear()
    return git


def test_migrations_that_changed_since_make_it_stale(
    repository: Callable[..., str], tmp_path: Path
) -> None:
    """Also a change that leaves the structure as it is, as that of a grant does."""
    first = repository("rev-parse", "HEAD")
    evidence = replace(sound(), git_sha=first)
    for name in ("docs/page.md", "migrations/ddl/0002_grant.sql"):
        assert [*staleness(evidence)] == []
        path = tmp_path / "checkout" / name
        path.parent.mkdir(parents=True)
        path.touch()
        repository("add", ".")
        repository("commit", "--quiet", "-m", name)
        freshness._of_commit.cache_clear()
    (why,) = staleness(evidence)
    assert why == (
        f"stale: the migrations have changed since its commit {first[:12]},"
        " migrations/ddl/0002_grant.sql first"
    )


def test_commits_of_this_history_and_of_no_other(repository: Callable[..., str]) -> None:
    first = repository("rev-parse", "HEAD")
    evidence = replace(sound(), git_sha=first)
    assert [*staleness(evidence)] == []
    repository("checkout", "--quiet", "-b", "side")
    repository("commit", "--quiet", "--allow-empty", "-m", "side")
    beside = replace(evidence, git_sha=repository("rev-parse", "HEAD"))
    repository("checkout", "--quiet", "main")
    repository("commit", "--quiet", "--allow-empty", "-m", "second")
    freshness._of_commit.cache_clear()
    assert [*staleness(evidence)] == []
    (why,) = staleness(beside)
    assert "is not in the history of this one" in why


def test_a_shallow_clone_cannot_say(
    repository: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = repository("rev-parse", "HEAD")
    repository("commit", "--quiet", "--allow-empty", "-m", "second")
    origin = tmp_path / "checkout"
    clone = tmp_path / "clone"
    repository("clone", "--quiet", "--depth", "1", f"file://{origin}", str(clone))
    (clone / "ledgerdb").mkdir()
    (clone / "evidence").mkdir()
    (clone / "evidence" / "evidence.schema.json").touch()
    monkeypatch.setattr(ledgerdb, "__file__", str(clone / "ledgerdb" / "__init__.py"))
    with pytest.raises(ConfigurationError, match="git fetch --unshallow"):
        [*staleness(replace(sound(), git_sha=first))]


def test_without_git_the_commit_is_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledgerdb, "__file__", str(tmp_path / "ledgerdb" / "__init__.py"))
    freshness._of_commit.cache_clear()
    evidence = replace(sound_without_git(), git_sha="a" * 40)
    assert [*staleness(evidence)] == []


def sound_without_git() -> Evidence:
    return Evidence(
        check_id="some_check",
        timestamp_utc="2026-01-02T03:04:05Z",
        git_sha="b" * 40,
        status=Status.PASS,
        schema_fingerprint=head_fingerprint(),
        details={},
    )


def test_the_command(tmp_path: Path) -> None:
    sound("one").write(tmp_path / "one.json")
    done = verify("evidence", "--dir", tmp_path)
    assert (done.code, done.stderr) == (0, "")
    (tmp_path / "one.json").write_text(sound("one").text().replace("PASS", "FAIL"))
    replace(sound("two"), schema_fingerprint="a" * 64).write(tmp_path / "two.json")
    done = verify("evidence", "--dir", tmp_path)
    assert (done.code, done.stderr) == (1, "")
    assert "one.json: edited after it was made" in done.stdout
    assert "two.json: stale: of schema aaaaaaaaaaaa" in done.stdout
    done = verify("evidence", "--dir", tmp_path, "--json")
    one, two = json.loads(done.stdout)
    assert (one["path"], one["soundness"], one["status"]) == ("one.json", "INVALID", None)
    assert (two["path"], two["soundness"], two["status"]) == ("two.json", "STALE", "PASS")
    done = verify("evidence", "--dir", tmp_path / "nothing")
    assert (done.code, done.stdout) == (2, "")
