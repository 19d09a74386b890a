"""Functions as nobody should write them: each is wrong in one way, and a named rule must say so.

`GOOD` is the same function without fault. What the rule names belong to is in `BadBody.tool`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tool = Literal["lint", "plpgsql_check"]

_FUNCTION = """\
-- tidy: counts the items of a participant.
create or replace function public.tidy({arguments})
returns {returns}
language {language}
{volatility}
{attributes}
as $function$
{body}
$function$;
comment on function public.tidy is 'Items of a participant.';
revoke all on function public.tidy({signature}) from public;
"""
_BODY = """\
declare
{declare}
begin
{statements}
end;"""
_PINNED = "security definer\nset search_path = pg_catalog, public, pg_temp"


@dataclass(frozen=True, slots=True)
class BadBody:
    """One file, and the rule that must find its fault."""

    rule: str
    sql: str
    why: str

    @property
    def tool(self) -> Tool:
        return "plpgsql_check" if self.rule.startswith("plpgsql-check") else "lint"


def function(
    statements: str,
    *,
    declare: str = "    v_count bigint;",
    returns: str = "bigint",
    volatility: str = "volatile",
    attributes: str = _PINNED,
    arguments: str = "p_participant text",
    signature: str = "text",
) -> str:
    """The file of the plpgsql function `tidy` with these statements."""
    body = _BODY.format(declare=declare, statements=statements)
    return _FUNCTION.format(
        arguments=arguments,
        signature=signature,
        returns=returns,
        language="plpgsql",
        volatility=volatility,
        attributes=attributes,
        body=body,
    ).replace("\n\n", "\n")


_COUNT = """\
    select count(*) into v_count
    from public.payment_outbox_pending as p
    where p.participant_id = p_participant;"""
_RETURN = "    return v_count;"
GOOD = function(f"{_COUNT}\n{_RETURN}", volatility="stable")


def _after(statements: str, *, declare: str = "    v_count bigint;") -> str:
    return function(f"{_COUNT}\n{statements}\n{_RETURN}", declare=declare)


def _instead(old: str, new: str) -> str:
    assert old in GOOD, old
    return GOOD.replace(old, new, 1)


_TEXT_SQL = _FUNCTION.format(
    arguments="p_participant text",
    signature="text",
    returns="bigint",
    language="sql",
    volatility="stable",
    attributes=_PINNED,
    body="select count(*) from public.tenants as t where t.tenant_key = p_participant",
)

BAD_BODIES: tuple[BadBody, ...] = tuple(
    BadBody(rule, sql, why)
    for rule, why, sql in (
        # the parser of plpgsql, and of the SQL in it
        ("syntax", "SELCT", _instead("    select count", "    selct count")),
        ("syntax", "RETRUN", _instead("    return v", "    retrun v")),
        ("syntax", "END IF is missing", _after("    if v_count = 0 then\n        return 0;")),
        ("syntax", "END LOOP is missing", _after("    loop\n        exit;")),
        ("syntax", "into an unknown variable", _instead("into v_count", "into v_missing")),
        ("syntax", "an unfinished expression", _instead("return v_count;", "return v_count +;")),
        ("syntax", "two wheres", _instead("where p.", "where true where p.")),
        ("syntax", "elsif without if", _after("    elsif v_count = 0 then return 1; end if;")),
        ("syntax", "a declared type is missing", _instead("    v_count bigint;", "    v_count;")),
        ("syntax", "exit outside of a loop", _after("    exit;")),
        ("syntax", "raise without a message", _after("    raise exception using;")),
        # names and stars
        ("unqualified-table", "any pg_temp wins", _instead("from public.pay", "from pay")),
        (
            "unqualified-table",
            "insert into what?",
            _after("    insert into revoked_tokens (token_jti_hash) values (p_participant);"),
        ),
        ("unqualified-function", "whose?", _after("    perform notify_outbox();")),
        ("select-star", "columns move", _instead("select count(*) into v_count", "select p.*")),
        # security
        (
            "search-path",
            "no search_path",
            _instead("\nset search_path = pg_catalog, public, pg_temp", ""),
        ),
        (
            "search-path",
            "pg_temp first",
            _instead("pg_catalog, public, pg_temp", "pg_temp, pg_catalog, public"),
        ),
        (
            "search-path",
            "pg_temp first when unnamed",
            _instead("pg_catalog, public, pg_temp", "pg_catalog, public"),
        ),
        (
            "search-path",
            "a schema that others write",
            _instead("pg_catalog, public", "pg_catalog, app, public"),
        ),
        (
            "revoke-public",
            "PUBLIC may execute",
            _instead("revoke all on function public.tidy(text) from public;\n", ""),
        ),
        ("dynamic-sql", "the argument is the statement", _after("    execute p_participant;")),
        (
            "dynamic-sql",
            "glued together",
            _after(
                "    execute 'select 1 from public.tenants where tenant_key = ' || p_participant;"
            ),
        ),
        (
            "dynamic-sql",
            "%s is no quoting",
            _after(
                "    execute format('select count(*) from public.%s', p_participant) into v_count;"
            ),
        ),
        (
            "dynamic-sql",
            "in a loop",
            _after(
                "    for v_count in execute 'select ' || p_participant loop\n        exit;\n"
                "    end loop;"
            ),
        ),
        (
            "dynamic-sql",
            "return query execute",
            function(
                "    return query execute 'select ' || p_participant;",
                declare="",
                returns="setof bigint",
            ),
        ),
        # what a body must not do
        (
            "ddl-in-body",
            "DROP COLUMN",
            _after("    alter table public.tenants drop column tenant_name;"),
        ),
        ("ddl-in-body", "TRUNCATE", _after("    truncate public.revoked_tokens;")),
        ("ddl-in-body", "CREATE TABLE", _after("    create table public.t (id bigint);")),
        ("ddl-in-body", "GRANT", _after("    grant select on public.tenants to symphony_ingest;")),
        (
            "ddl-in-body",
            "a trigger off",
            _after("    alter table public.tenants disable trigger all;"),
        ),
        ("where-missing", "deletes all", _after("    delete from public.outbox_controls;")),
        (
            "where-missing",
            "updates all",
            _after("    update public.outbox_controls set paused = true;"),
        ),
        (
            "insert-columns",
            "columns move",
            _after(
                "    insert into public.participant_outbox_sequences values (p_participant, 1);"
            ),
        ),
        (
            "not-in-query",
            "one null and nobody is found",
            _instead(
                "where p.participant_id = p_participant",
                "where p.tenant_id not in (select t.tenant_id from public.tenants as t)",
            ),
        ),
        (
            "wall-clock",
            "the start of the transaction",
            _instead("where p.", "where p.created_at < now() and p."),
        ),
        (
            "wall-clock",
            "the same in capitals",
            _instead("where p.", "where p.created_at < current_timestamp and p."),
        ),
        (
            "when-others",
            "swallows everything",
            _after(
                "    begin\n        perform 1;\n    exception when others then\n        null;\n"
                "    end;"
            ),
        ),
        ("transaction-control", "commit", _after("    commit;")),
        ("transaction-control", "rollback", _after("    rollback;")),
        ("volatility", "not said", _instead("\nstable\n", "\n")),
        ("begin-atomic", "parsed at the call", _TEXT_SQL),
        # form
        ("one-function", "no function", "-- tidy: nothing.\nselect 1 as one;\n"),
        ("header-comment", "no why", _instead("-- tidy: counts the items of a participant.\n", "")),
        (
            "comment-on",
            "none",
            _instead("comment on function public.tidy is 'Items of a participant.';\n", ""),
        ),
        ("file-name", "another name", GOOD.replace("public.tidy", "public.other_name")),
        ("lower-case", "shouted", _instead("    return v_count", "    RETURN v_count")),
        (
            "AL01",
            "implicit alias",
            _instead("payment_outbox_pending as p", "payment_outbox_pending p"),
        ),
        ("CP01", "keyword in capitals", _instead("    from public", "    FROM public")),
        # what only a catalog knows
        (
            "plpgsql-check-error-42P01",
            "unknown table",
            _instead("public.payment_outbox_pending", "public.payments_pending"),
        ),
        (
            "plpgsql-check-error-42703",
            "unknown column",
            _instead("p.participant_id =", "p.participant ="),
        ),
        (
            "plpgsql-check-error-42883",
            "unknown function",
            _after("    perform public.no_such_function(1);"),
        ),
        (
            "plpgsql-check-error-42883",
            "no such operator",
            _instead("= p_participant", "= interval '1 s'"),
        ),
        (
            "plpgsql-check-error-2F005",
            "RETURN is missing",
            _instead(_RETURN, "    perform v_count;"),
        ),
        (
            "plpgsql-check-warning-extra-2F005",
            "one path without RETURN",
            function(f"{_COUNT}\n    if v_count > 0 then\n        return v_count;\n    end if;"),
        ),
        (
            "plpgsql-check-error-22P02",
            "no such enum value",
            _after("    perform 'SENT'::public.outbox_attempt_state;"),
        ),
        (
            "plpgsql-check-error-0A000",
            "UPDATE in an immutable function",
            _after(
                "    update public.outbox_controls set paused = true where scope = p_participant;"
            ).replace("\nvolatile\n", "\nimmutable\n"),
        ),
        (
            "plpgsql-check-performance",
            "stable, and says volatile",
            GOOD.replace("\nstable\n", "\nvolatile\n"),
        ),
        (
            "plpgsql-check-warning",
            "unused variable",
            _instead("    v_count bigint;", "    v_count bigint;\n    v_unused text;"),
        ),
        (
            "plpgsql-check-warning-extra",
            "unused parameter",
            GOOD.replace("p_participant text", "p_participant text, p_unused text").replace(
                "tidy(text)", "tidy(text, text)"
            ),
        ),
        (
            "plpgsql-check-warning-extra",
            "written, never read",
            _after("    v_other := 1;", declare="    v_count bigint;\n    v_other bigint;"),
        ),
        ("plpgsql-check-warning-extra", "code after RETURN", _after("    return 1;")),
        (
            "plpgsql-check-security",
            "SQL injection",
            _after(
                "    execute 'select count(*) from public.tenants where tenant_key = ''' || "
                "p_participant || '''' into v_count;"
            ),
        ),
        (
            "plpgsql-check-warning-extra",
            "shadowed variable",
            _after(
                "    declare\n        v_count text := 'x';\n    begin\n"
                "        raise notice '%', v_count;\n    end;"
            ),
        ),
        (
            "plpgsql-check-error-42703",
            "insert into an unknown column",
            _after(
                "    insert into public.revoked_tokens (token_jti_hash, reason_code) values "
                "(p_participant);"
            ),
        ),
        (
            "plpgsql-check-performance-42804",
            "hidden cast",
            _instead("    v_count bigint;", "    v_count integer;"),
        ),
        (
            "plpgsql-check-error-42804",
            "wrong result type",
            function("    return query select 'x'::text;", declare="", returns="setof bigint"),
        ),
        (
            "plpgsql-check-error-42702",
            "ambiguous",
            function(
                "    return query select tenant_id from public.tenants as t;",
                declare="",
                returns="table (tenant_id uuid)",
                arguments="",
                signature="",
            ),
        ),
        ("syntax", "raise lacks an argument", _after("    raise notice '% and %', v_count;")),
    )
)


# Scripts of migrations: squawk reads them, and each is wrong by one of its rules.
GOOD_SCRIPT = """\
set local lock_timeout = '2s';
alter table public.tenants add column note text;
"""
BAD_SCRIPTS: tuple[tuple[str, str], ...] = (
    (
        "adding-not-nullable-field",
        "alter table public.tenants alter column tenant_name set not null;",
    ),
    ("adding-required-field", "alter table public.tenants add column note text not null;"),
    ("ban-drop-column", "alter table public.tenants drop column tenant_name;"),
    ("ban-drop-constraint", "alter table public.tenants drop constraint tenants_pkey;"),
    ("ban-drop-function", "drop function public.tidy(text);"),
    ("ban-drop-table", "drop table public.tenants;"),
    ("ban-drop-view", "drop view public.payment_outbox_queue;"),
    (
        "changing-column-type",
        "alter table public.tenants alter column tenant_name type varchar(9);",
    ),
    (
        "constraint-missing-not-valid",
        "alter table public.tenants add constraint ck check (tenant_key <> '');",
    ),
    (
        "disallowed-unique-constraint",
        "alter table public.tenants add constraint ux unique (tenant_name);",
    ),
    ("renaming-column", "alter table public.tenants rename column tenant_name to name;"),
    ("require-concurrent-index-creation", "create index ix on public.tenants (tenant_name);"),
    ("require-concurrent-index-deletion", "drop index public.ix;"),
)
