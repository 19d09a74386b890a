"""Every rule of the SQL lint finds its seeded defect, at its line, and a clean file has none."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.commands import ROOT
from tests.tools.bad_bodies import BAD_BODIES
from tools import lint_sql

CLEAN = """\
-- tidy: counts the items of a participant.
create or replace function public.tidy(p_participant text)
returns bigint
language plpgsql
stable
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_count bigint;
begin
    select count(*) into v_count
    from public.payment_outbox_pending as p
    where p.participant_id = p_participant;
    if v_count = 0 then
        perform public.other();
        return 0;
    end if;
    execute format('select count(*) from public.%I', p_participant) into v_count;
    return v_count;
end;
$function$;
comment on function public.tidy is 'Items of a participant.';
revoke all on function public.tidy(text) from public;
"""
SQL_BODY = """\
-- tidy: one.
create or replace function public.tidy()
returns integer
language sql
stable
as $function$ select 1 as one $function$;
comment on function public.tidy is 'One.';
revoke all on function public.tidy() from public;
"""
# rule -> what is replaced in CLEAN, by what, and on which line the finding is
SEEDED = [
    ("syntax", "create or replace function", "create or replace functoin", 2),
    ("syntax", "    select count(*) into", "    selct count(*) into", 12),
    ("syntax", "    return 0;", "    retrun 0;", 17),
    ("syntax", "    end if;", "    end fi;", 18),
    ("syntax", "    end if;\n", "", None),
    ("syntax", "    return v_count;", "    return v_count +;", None),
    ("syntax", "where p.participant_id = p_participant", "where p.participant_id = and 1", 14),
    ("syntax", "into v_count\n", "into v_missing\n", None),
    (
        "one-function",
        "comment on",
        "create function public.b() returns int return 1;\ncomment on",
        1,
    ),
    ("file-name", "function public.tidy(p", "function public.untidy(p", 1),
    ("header-comment", "-- tidy: counts", "-- counts", 1),
    ("header-comment", "-- tidy: counts the items of a participant.", "-- tidy:", 1),
    ("comment-on", "comment on function public.tidy is 'Items of a participant.';\n", "", 1),
    ("comment-on", "'Items of a participant.'", "null", 1),
    ("comment-on", "comment on function public.tidy", "comment on function public.other", 1),
    ("revoke-public", "revoke all on function public.tidy(text) from public;\n", "", 1),
    ("revoke-public", "from public;\n", "from symphony_control;\n", 1),
    ("revoke-public", "revoke all on", "revoke execute on", None),
    ("search-path", "set search_path = pg_catalog, public, pg_temp\n", "", 2),
    ("search-path", "pg_catalog, public, pg_temp", "pg_temp, pg_catalog, public", 2),
    ("search-path", "pg_catalog, public, pg_temp", "pg_catalog, public", 2),
    ("select-star", "select count(*) into v_count", "select p.* into v_count", 12),
    ("unqualified-table", "from public.payment_outbox_pending", "from payment_outbox_pending", 13),
    ("unqualified-function", "perform public.other()", "perform other()", 16),
    ("dynamic-sql", "format('select count(*) from public.%I', p_participant)", "p_participant", 19),
    ("dynamic-sql", "public.%I'", "public.%s'", 19),
    (
        "dynamic-sql",
        "execute format('select count(*) from public.%I', p_participant) into",
        "execute 'select count(*) from ' || p_participant into",
        19,
    ),
    ("lower-case", "returns bigint", "RETURNS bigint", 3),
    ("lower-case", "    if v_count", "    IF v_count", 15),
    ("lower-case", "    v_count bigint;", "    V_COUNT bigint;", 10),
    ("line-length", "counts the items", "counts the items " + "x" * 100, 1),
    ("tab", "    v_count bigint", "\tv_count bigint", 10),
    ("AL01", "payment_outbox_pending as p", "payment_outbox_pending p", 13),
    ("CP01", "    where p.", "    WHERE p.", 14),
]


def lint(root: Path, text: str, name: str = "tidy") -> list[tuple[str, int]]:
    """The rules that the file breaks, with their lines."""
    path = root / "sqlfunctions" / f"{name}.sql"
    found = lint_sql.lint_file(root, path, text, ours=frozenset({"tidy", "other"}), kind="live")
    assert all(finding.path == Path(f"sqlfunctions/{name}.sql") for finding in found)
    return [(finding.rule, finding.line) for finding in found]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with our configuration of sqlfluff and no file."""
    made = tmp_path_factory.mktemp("checkout")
    shutil.copy(ROOT / ".sqlfluff", made)
    for folder in ("sqlfunctions", "migrations/frozen", "migrations/ddl"):
        (made / folder).mkdir(parents=True)
    return made


def test_a_clean_file(root: Path) -> None:
    assert lint(root, CLEAN) == []


@pytest.mark.parametrize(
    ("rule", "old", "new", "line"),
    SEEDED,
    ids=[f"{number}-{seed[0]}" for number, seed in enumerate(SEEDED)],
)
def test_a_seeded_defect_is_found(
    root: Path, rule: str, old: str, new: str, line: int | None
) -> None:
    assert old in CLEAN
    found = lint(root, CLEAN.replace(old, new, 1))
    assert rule in {name for name, _ in found}
    if line is not None:
        assert (rule, line) in found


def test_a_text_body_of_sql(root: Path) -> None:
    assert lint(root, SQL_BODY) == [("begin-atomic", 2)]
    atomic = SQL_BODY.replace("as $function$ select 1 as one $function$;", "return 1;")
    assert lint(root, atomic) == []


def test_every_rule_of_the_docstring_has_a_seed() -> None:
    assert lint_sql.__doc__ is not None
    table = lint_sql.__doc__.partition("Rules:")[2].partition("Files of revision")[0]
    named = re.findall(
        r"^    ([a-zA-Z][\w-]*)(?:, (\w+))?(?: {2,}| and so on)", table, re.MULTILINE
    )
    rules = {rule for pair in named for rule in pair if rule}
    assert len(rules) >= 15
    assert rules <= {seed[0] for seed in SEEDED} | {bad.rule for bad in BAD_BODIES}


def test_the_baseline_is_exempt_from_what_deployed_databases_have(root: Path) -> None:
    spoiled = CLEAN.replace("from public.payment_outbox_pending", "from payment_outbox_pending")
    assert lint(root, spoiled, "0002_tidy") == [("unqualified-table", 13)]
    assert lint(root, spoiled, "0001_tidy") == []
    assert lint(root, CLEAN.replace("return 0;", "retrun 0;"), "0001_tidy") == [("syntax", 17)]


def test_the_command(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    live = root / "sqlfunctions" / "tidy.sql"
    script = root / "migrations" / "ddl" / "0002_a.sql"
    live.write_text(CLEAN)
    script.write_text("create table public.a (id integer not null);\n")
    assert lint_sql.main(["--root", str(root)]) == 0
    assert capsys.readouterr().out == ""

    script.write_text("do $$\nbegin\n    retrun 1;\nend;\n$$;\n")
    assert lint_sql.main(["--root", str(root)]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("migrations/ddl/0002_a.sql:3: syntax: ")
    assert err == "1 findings\n"
    live.unlink()
    script.unlink()
