"""Every client that was ever released works on every revision since its own, and the gate that says
so sees what would break one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from ledgerdb import __version__, migrate
from ledgerdb.catalog import read
from ledgerdb.catalog.expected import at
from ledgerdb.cli import app
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import ConfigurationError
from ledgerdb.verify import clients
from ledgerdb.verify.clients_catalogue import load, load_all, render
from tests.commands import ROOT
from tests.migrations.project import HEAD, REVISIONS
from tests.waiting import until
from tools import expand, releases

MIGRATIONS = ROOT / "migrations"
CLIENTS = load_all(MIGRATIONS)
# it must be the first write of its transaction, and here the mutation is
AFTER_DDL = tuple(
    replace(c, scenarios=tuple(s for s in c.scenarios if s.name != "sealer")) for c in CLIENTS
)
VIEW = "public.payment_outbox_retry_policies"
COMPLETE = (
    "public.complete_outbox_attempt(uuid, uuid, text, public.outbox_attempt_state, text, text,"
    " text, text, integer, integer)"
)

# what -> (who must see it, the change): 1 the gate, 2 the check of expand revisions
MUTATIONS: dict[str, tuple[set[str], str]] = {
    "column dropped that a function uses": (
        {"gate", "expand"},
        "alter table public.payment_outbox_attempts drop column rail_code cascade",
    ),
    "column dropped that a dashboard reads": (
        {"gate", "expand"},
        "alter table public.payment_outbox_pending drop column nfs_sequence_ref cascade",
    ),
    "column renamed": (
        {"gate", "expand"},
        "alter table public.payment_outbox_pending rename column claimed_by to leased_by",
    ),
    "column not null without a default": (
        {"gate", "expand"},
        "alter table public.payment_outbox_attempts add column region text not null",
    ),
    "column set not null": (
        {"gate", "expand"},
        "alter table public.payment_outbox_pending alter column tenant_id set not null",
    ),
    "column of another type": (
        {"gate", "expand"},
        "alter table public.participant_outbox_sequences alter next_sequence_id type numeric",
    ),
    "table renamed": (
        {"gate", "expand"},
        "alter table public.participant_outbox_sequences rename to participant_numbers",
    ),
    "argument renamed": (
        {"gate", "expand"},
        "claim_outbox_batch: p_batch_size integer -> p_limit integer",
    ),
    "argument of another type": (
        {"gate", "expand"},
        "claim_outbox_batch: p_lease_seconds integer -> p_lease_seconds interval",
    ),
    "argument more, without a default": (
        {"gate", "expand"},
        "claim_outbox_batch: p_worker_id text, -> p_worker_id text, p_region text,",
    ),
    "default of an argument dropped": (
        {"gate", "expand"},
        "complete_outbox_attempt: p_rail_reference text default null -> p_rail_reference text",
    ),
    "result column of another type": (
        {"gate", "expand"},
        "repair_expired_leases: attempt_no integer -> attempt_no bigint",
    ),
    "result column renamed": (
        {"gate", "expand"},
        "claim_outbox_batch: lease_expires_at timestamptz -> expires_at timestamptz",
    ),
    "result columns in another order": (
        {"gate", "expand"},
        (
            "claim_outbox_batch: instruction_id text,\n    participant_id text ->"
            " participant_id text,\n    instruction_id text"
        ),
    ),
    "result column more": (
        {"gate", "expand"},
        (
            "claim_outbox_batch: lease_expires_at timestamptz\n ->"
            " lease_expires_at timestamptz,\n    region text\n"
        ),
    ),
    "overload that makes a call ambiguous": (
        {"gate"},
        (
            "create function public.repair_expired_leases(p_batch_size integer, p_worker_id text,"
            " p_dry_run boolean default false) returns int language sql begin atomic select 1; end"
        ),
    ),
    "function dropped": ({"gate", "expand"}, "drop function public.uuid_strategy() cascade"),
    "function renamed": (
        {"gate", "expand"},
        "alter function public.claim_outbox_items rename to claim_items",
    ),
    "execute revoked": (
        {"gate", "expand"},
        "revoke execute on function public.claim_outbox_items from symphony_executor",
    ),
    "select revoked": (
        {"gate", "expand"},
        "revoke select (rail_type) on public.payment_outbox_pending from symphony_readonly",
    ),
    "check narrower": (
        {"gate", "expand"},
        "alter table public.payment_outbox_late_results add check (outcome <> 'UNKNOWN')",
    ),
    "check for new rows only": (
        {"gate", "expand"},
        (
            "alter table public.payment_outbox_attempts add constraint ck check (latency_ms > 100)"
            " not valid"
        ),
    ),
    "unique key more": (
        {"gate", "expand"},
        "create unique index ux on public.payment_outbox_pending (participant_id)",
    ),
    "foreign key more": (
        {"gate", "expand"},
        (
            "alter table public.payment_outbox_pending add foreign key (participant_id)"
            " references public.tenants (tenant_key)"
        ),
    ),
    "enum value renamed": (
        {"gate", "expand"},
        "alter type public.outbox_attempt_state rename value 'RETRYABLE' to 'RETRY'",
    ),
    "volatile function made stable": (
        {"gate", "expand"},
        "alter function public.claim_outbox_items stable",
    ),
    "definer made invoker": (
        {"gate", "expand"},
        "alter function public.claim_outbox_items security invoker",
    ),
    "search_path unpinned": (
        {"expand"},
        f"alter function {COMPLETE} reset search_path",
    ),
    "function made strict": (
        {"gate", "expand"},
        "alter function public.set_outbox_control strict",
    ),
    "view column dropped": (
        {"gate", "expand"},
        (
            "drop view public.payment_outbox_blocked_heads;"
            "create view public.payment_outbox_blocked_heads as select outbox_id"
            " from public.payment_outbox_pending"
        ),
    ),
    "view dropped": ({"gate", "expand"}, "drop view public.payment_outbox_blocked_heads"),
    "scale of a numeric": (
        {"gate", "expand"},
        (
            f"do $$ declare v text := rtrim(pg_get_viewdef('{VIEW}'::regclass), ';'); begin"
            f" drop view {VIEW}; execute format('create view {VIEW} as select rail_type, strategy,"
            " base_seconds::numeric(8, 2), factor, max_seconds, jitter, updated_at from (%s)', v);"
            f" grant select on {VIEW} to symphony_control, symphony_readonly, symphony_auditor;"
            " end $$"
        ),
    ),
    "row security": (
        {"gate", "expand"},
        "alter table public.payment_outbox_attempts enable row level security",
    ),
}


def changed(mutation: str) -> str:
    """The SQL of a mutation; `function: old -> new` is an edit of its signature."""
    function, colon, edit = mutation.partition(": ")
    if not colon or " " in function:
        return mutation
    old, new = edit.split(" -> ")
    text = (ROOT / "sqlfunctions" / f"{function}.sql").read_text("utf-8")
    head, rest = text.split("language ", 1)
    assert old in head, (function, old)
    grants = f"grant execute on function public.{function} to symphony_executor, symphony_control"
    rest = rest.partition("comment on function")[0]
    return f"drop function public.{function};\n{head.replace(old, new, 1)}language {rest}{grants}"


@pytest.fixture
def free(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """The superuser on a database at head, in autocommit."""
    with psycopg.connect(database_url, autocommit=True, prepare_threshold=None) as connection:
        yield connection


def test_every_client_works_on_every_revision_since_its_own(empty_database_url: str) -> None:
    served = set()
    for revision in REVISIONS:
        migrate.upgrade(empty_database_url, revision)
        with psycopg.connect(empty_database_url, autocommit=True) as connection:
            for client in clients.due(CLIENTS, revision):
                served.add((client.release, revision))
                assert clients.findings(connection, client, execute=True) == [], revision
    assert {(c.release, c.since) for c in CLIENTS} <= served
    assert {(c.release, HEAD) for c in CLIENTS} <= served


@pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])
def test_a_lock_that_others_have_is_asked_for_again(database_url: str) -> None:
    """As an autovacuum has it, behind which an operator's change gives up after half a second."""
    asked = """select waitstart from pg_locks
        where relation = 'public.outbox_controls'::regclass and not granted"""
    (newest,) = (c for c in CLIENTS if c.release == __version__)
    newest = replace(newest, scenarios=tuple(s for s in newest.scenarios if s.name == "operators"))
    with (
        ThreadPoolExecutor(1) as threads,
        psycopg.connect(database_url, autocommit=True) as gate,
        psycopg.connect(database_url) as vacuum,
    ):
        vacuum.execute("lock table public.outbox_controls in share update exclusive mode")
        found = threads.submit(clients.findings, gate, newest, execute=True)
        first = until(lambda: vacuum.execute(asked).fetchone())
        until(lambda: vacuum.execute(asked).fetchone() not in (first, None, (None,)))
        vacuum.rollback()
        assert found.result() == []


@pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])
def test_every_mutation_is_caught(free: psycopg.Connection[Any], subtests: pytest.Subtests) -> None:
    expected = at(MIGRATIONS, max(p.stem for p in (MIGRATIONS / "catalog").glob("*.json")))
    before = read(free, expected.names)
    with free.transaction(force_rollback=True):
        for client in AFTER_DDL:
            assert clients.findings(free, client, execute=True) == []
    for what, (who, mutation) in MUTATIONS.items():
        with subtests.test(what), free.transaction(force_rollback=True):
            free.execute(changed(mutation).encode())
            found = [f for c in AFTER_DDL for f in clients.findings(free, c, execute=True)]
            taken = expand.tightened(before, read(free, expected.names))
            assert {"gate"} & who == ({"gate"} if found else set()), found
            assert {"expand"} & who == ({"expand"} if taken else set()), taken


def test_the_catalogue_of_this_release_is_what_it_sends(free: psycopg.Connection[Any]) -> None:
    """A change of a call without a new catalogue is found here and by `make verify-generated`."""
    released = load(releases.FOLDER / f"{__version__}.json")
    made = releases.client(free, released.since)
    assert made.statements == released.statements
    assert made.scenarios == released.scenarios
    assert render(made) == (releases.FOLDER / f"{__version__}.json").read_text("utf-8")


def test_a_catalogue_that_is_not_executed_in_full_is_refused(tmp_path: Path) -> None:
    client = load(releases.FOLDER / "reference.json")
    path = tmp_path / "half.json"
    path.write_text(render(replace(client, scenarios=client.scenarios[:1])))
    with pytest.raises(ConfigurationError, match=r"half\.json: no scenario executes"):
        load(path)
    step = replace(client.scenarios[0].steps[0], role="symphony_auditor")
    scenario = replace(client.scenarios[0], steps=(step,))
    path.write_text(render(replace(client, scenarios=(*client.scenarios, scenario))))
    with pytest.raises(ConfigurationError, match="enqueue is not for symphony_auditor"):
        load(path)
    path.write_text("{}")
    with pytest.raises(ConfigurationError, match=r"half\.json: not the catalogue of a client"):
        load(path)


def test_expand_revisions_take_nothing_away_without_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert expand.findings() == []
    copy = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, copy)
    reasons = (copy / "phases.toml").read_text("utf-8")
    (copy / "phases.toml").write_text(
        reasons.replace("grant sequence ledger_positions", "grant sequence outbox_due_mark")
    )
    taken, stale = expand.findings(copy)
    assert taken.startswith("0008: grant sequence ledger_positions to symphony_control: without")
    assert stale == (
        "0008: grant sequence outbox_due_mark to symphony_control: accepted, and not done"
    )


@pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])
def test_the_command(server: EmbeddedServer, database_url: str) -> None:
    invoke = CliRunner().invoke
    done = invoke(app, ["verify", "clients", "--execute", "--url", database_url])
    assert (done.exit_code, done.stdout.splitlines()) == (
        0,
        [f"client {client.release}: works at {HEAD}" for client in CLIENTS],
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("revoke execute on function public.uuid_strategy from symphony_ingest")
    done = invoke(app, ["verify", "clients", "--json", "--url", database_url])
    found = json.loads(done.stdout)
    assert (done.exit_code, found[__version__]) == (1, [])
    assert found["reference"] == [
        "uuid as symphony_ingest: 42501 permission denied for function uuid_strategy"
    ]
    done = invoke(app, ["verify", "clients", "--url", server.url()])
    assert done.exit_code == 2
    assert "no client runs on revision base" in done.stderr
