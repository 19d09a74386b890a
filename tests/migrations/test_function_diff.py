"""`ledgerdb functions`: what a revision changes, what lies between two, what a database has."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from ledgerdb.cli import app
from tests.migrations.databases import query
from tests.migrations.project import HEAD

# A body in quotes and one that is kept parsed; both have another text.
_REPLACED = """
    create or replace function public.uuid_strategy() returns text language sql stable
    set search_path = pg_catalog, public, pg_temp as $$select 'other'$$;
    create or replace function public.deny_seal_mutation() returns trigger language plpgsql
    set search_path = pg_catalog, public, pg_temp as $$begin return null; end$$;
"""


def functions(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["functions", *arguments])


def names(result: Result) -> set[str]:
    return {item["name"] for item in json.loads(result.stdout)}


def test_what_a_revision_changes() -> None:
    done = functions("diff", "0007", "_outcome_of")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[:2] == [
        "--- frozen/0004__outcome_of.sql",
        "+++ frozen/0007__outcome_of.sql",
    ]
    assert "-            else latest.state::text" in done.stdout.splitlines()
    assert "+            else coalesce(latest.state, o.state)::text" in done.stdout.splitlines()


def test_a_new_function_comes_from_nothing() -> None:
    done = functions("diff", "0006", "seal_ledger")
    assert done.stdout.splitlines()[:2] == ["--- /dev/null", "+++ frozen/0006_seal_ledger.sql"]
    assert functions("diff", "base:0001", "claim_outbox_batch").exit_code == 1


def test_what_lies_between_two_revisions() -> None:
    direct = names(functions("diff", "0005:0007", "--json"))
    steps = names(functions("diff", "0006", "--json")) | names(functions("diff", "0007", "--json"))
    assert direct == steps
    later = names(functions("diff", "0007:", "--json"))
    assert names(functions("diff", "0005:", "--json")) == direct | later
    assert functions("diff", "0005:0005").exit_code == 0


def test_only_the_number_of_lines() -> None:
    done = functions("diff", "0007", "_outcome_of", "retire_history", "--stat")
    assert done.stdout.splitlines() == ["_outcome_of  +4 -3", "retire_history  +164 -0"]


def test_without_a_revision_it_is_the_newest() -> None:
    assert functions("diff", "seal_ledger").exit_code == 0  # not of the newest
    assert names(functions("diff", "--json")) == names(functions("diff", HEAD, "--json")) != set()
    assert names(functions("diff", "0009", "--json")) == set()  # it has no functions


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["diff", "0007", "no_such"], "there is no function no_such"),
        (["diff", "0042:0043"], "there is no revision 0042"),
        (["diff", "--live", "--url", "postgresql://x@127.0.0.1:1/x"], "cannot connect"),
    ],
)
def test_what_cannot_be_found_out(arguments: list[str], said: str) -> None:
    done = functions(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_database_as_installed(head_url: str) -> None:
    done = functions("diff", "--live", "--url", head_url)
    assert (done.exit_code, done.stdout) == (0, "")


def test_a_database_with_other_bodies(head_url: str) -> None:
    query(head_url, _REPLACED)
    query(head_url, "drop function public.outbox_counter_drift()")
    done = functions("diff", "--live", "--url", head_url)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines.count("+++ database") == 2
    assert lines.count("+++ /dev/null") == 1
    assert "-begin" not in lines[0]
    assert "+begin return null; end" in lines
    assert "+select 'other'" in lines
    assert names(functions("diff", "--live", "--url", head_url, "--json", "uuid_strategy")) == {
        "uuid_strategy"
    }


def test_a_database_without_ledgerdb(empty_url: str) -> None:
    done = functions("diff", "--live", "--url", empty_url)
    assert done.exit_code == 2
    assert "it is at base" in done.stderr


def test_the_list_says_which_file_is_installed() -> None:
    files = json.loads(functions("list", "0005", "--json").stdout)
    assert files["instruction_status"] == "frozen/0005_instruction_status.sql"
    assert "seal_ledger" not in files
    assert "frozen/0006_seal_ledger.sql" in functions("list").stdout
