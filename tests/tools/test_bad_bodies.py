"""A corpus of faulty SQL: each file is caught by the rule that is named for its fault, and the same
file without the fault by none.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.commands import ROOT, SCRIPTS
from tests.tools.bad_bodies import BAD_BODIES, BAD_SCRIPTS, GOOD, GOOD_SCRIPT, BadBody
from tools import lint_sql, plpgsql_check
from tools.plpgsql_server import NotInstalled, schema_for_15, server_with_schema

OURS = frozenset({"tidy", "notify_outbox"})


def named(bad: BadBody) -> str:
    return f"{bad.rule}: {bad.why}"


@pytest.fixture(scope="module")
def checker() -> Iterator[psycopg.Connection[Any]]:
    """PostgreSQL 15 with plpgsql_check; CI installs it before the tests, or fails there."""
    try:
        with server_with_schema() as connection:
            yield connection
    except NotInstalled as error:
        pytest.skip(str(error))


def lint(sql: str) -> set[str]:
    path = ROOT / "sqlfunctions" / "tidy.sql"
    return {f.rule for f in lint_sql.lint_file(ROOT, path, sql, ours=OURS, kind="live")}


def squawk(folder: Path, scripts: dict[str, str]) -> dict[str, set[str]]:
    """Name of the script -> rules."""
    for name, text in scripts.items():
        (folder / f"{name}.sql").write_text(text)
    done = subprocess.run(
        [SCRIPTS / "squawk", "--reporter", "json", *sorted(folder.glob("*.sql"))],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    found: dict[str, set[str]] = {name: set() for name in scripts}
    for finding in json.loads(done.stdout):
        found[Path(finding["file"]).stem].add(finding["rule_name"])
    return found


def test_the_corpus_is_large_and_its_rules_many() -> None:
    assert len(BAD_BODIES) >= 60
    assert len({bad.rule for bad in BAD_BODIES}) >= 30


@pytest.mark.parametrize("bad", [bad for bad in BAD_BODIES if bad.tool == "lint"], ids=named)
def test_the_linter_names_the_fault(bad: BadBody) -> None:
    assert bad.rule in lint(bad.sql)


def test_plpgsql_check_names_the_fault(
    checker: psycopg.Connection[Any], subtests: pytest.Subtests
) -> None:
    for bad in BAD_BODIES:
        if bad.tool == "plpgsql_check":
            with subtests.test(named(bad)):
                found = plpgsql_check.check_text(checker, bad.sql, "tidy")
                assert bad.rule in {finding.rule for finding in found}


def test_nothing_is_found_in_what_is_right(checker: psycopg.Connection[Any]) -> None:
    assert lint(GOOD) == set()
    assert plpgsql_check.check_text(checker, GOOD, "tidy") == []


def test_squawk_names_the_fault_of_a_script(tmp_path: Path) -> None:
    prefix = "set local lock_timeout = '2s';\n"
    found = squawk(
        tmp_path,
        {f"{at:02}_{rule}": f"{prefix}{sql}\n" for at, (rule, sql) in enumerate(BAD_SCRIPTS)}
        | {"good": GOOD_SCRIPT},
    )
    assert found.pop("good") == set()
    missed = {name: rules for name, rules in found.items() if name[3:] not in rules}
    assert missed == {}


def test_every_function_of_head_is_checked_and_only_what_is_accepted_is_found(
    checker: psycopg.Connection[Any],
) -> None:
    count, found = plpgsql_check.check(checker)
    live = [path.read_text("utf-8") for path in (ROOT / "sqlfunctions").glob("*.sql")]
    assert count == sum("\nlanguage plpgsql\n" in text for text in live)
    assert plpgsql_check.judge(found, plpgsql_check.accepted()) == []


def test_a_finding_without_a_reason_and_a_reason_without_a_finding_are_told() -> None:
    finding = plpgsql_check.Finding("f", 3, "warning extra", "00000", "unused variable", "")
    assert plpgsql_check.judge([finding], {}) == [
        "f:3: plpgsql-check-warning-extra: unused variable"
    ]
    assert plpgsql_check.judge([finding], {finding.identity: "it is needed"}) == []
    (stale,) = plpgsql_check.judge([], {finding.identity: "it is needed"})
    assert "no longer found: f: unused variable" in stale


def test_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tools.plpgsql_server.EXTENSION", tmp_path / "missing")
    assert plpgsql_check.main([]) == 2
    assert "apt-get install postgresql-15" in capsys.readouterr().err


def test_the_filter_changes_what_15_cannot_read_and_nothing_else() -> None:
    text = "if not p_payload is json object with unique keys then -- a json object"
    filtered = "if not (p_payload is not distinct from p_payload) then -- a json object"
    assert schema_for_15(text) == filtered
