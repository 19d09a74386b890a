"""Every difference is found, by object, with its consequence; what is mended ends as a fresh
install, and what is kept is all that differs in the end.
"""

from __future__ import annotations

from collections.abc import Iterable

import psycopg
import pytest

from ledgerdb.migrate import upgrade
from ledgerdb.migrate.adopt import Effect, Finding, NotAdoptable
from ledgerdb.migrate.adopt.reference import Reference
from tests.migrations.adopt.damage import MENDED, Damage
from tests.migrations.adopt.databases import adopted, everything, facts_of, findings, rows
from tests.migrations.adopt.lasting_damage import BLOCKS, KEPT
from tests.migrations.databases import catalog
from tests.reference.build import build

OPEN = {Effect.BLOCKS, Effect.NEEDS_ACCEPTANCE}


def spoilt(url: str, damages: Iterable[Damage]) -> tuple[Reference, dict[str, Finding]]:
    """Builds it and does the damage; what an inspection finds that it did not before."""
    build(url)
    facts = facts_of(url)
    clean = findings(url, facts)
    with psycopg.connect(url, autocommit=True) as connection:
        for statement, *_ in damages:
            connection.execute(statement.encode())
    found = findings(url, facts)
    return facts, {key: f for key, f in found.items() if clean.get(key) != f}


def told(damages: Iterable[Damage], found: dict[str, Finding]) -> None:
    """Each is found, with its effect and a word of its consequence."""
    for _, key, effect, word in damages:
        assert key in found, (key, sorted(found))
        assert (found[key].effect, word in found[key].consequence) == (effect, True), found[key]


def test_a_clean_database_needs_nothing_but_descriptions(empty_database_url: str) -> None:
    build(empty_database_url)
    found = findings(empty_database_url, facts_of(empty_database_url))
    assert {f.effect for f in found.values()} == {Effect.CREATED, Effect.KEPT, Effect.NOTED}
    assert {key for key, f in found.items() if f.effect is Effect.CREATED} == {
        "comment:tables and types",
        "setting:timeouts",
    }


def test_what_is_mended_ends_as_a_fresh_install(empty_database_url: str, database_url: str) -> None:
    url = empty_database_url
    facts, found = spoilt(url, MENDED)
    told(MENDED, found)
    signed = sorted(key for key, f in found.items() if f.effect in OPEN)
    with pytest.raises(NotAdoptable) as caught:
        adopted(url, facts, *signed[1:])
    assert [f.key for f in caught.value.inspection.open] == signed[:1]
    adopted(url, facts, *signed)
    upgrade(url)
    assert everything(url) == everything(database_url)
    assert rows(url, "select count(*) from public.outbox_counter_drift()") == [(0,)]


def test_what_is_kept_is_all_that_differs(empty_database_url: str, database_url: str) -> None:
    url = empty_database_url
    facts, found = spoilt(url, KEPT)
    told(KEPT, found)
    adopted(url, facts, *found)
    upgrade(url)
    at_head, fresh = everything(url), everything(database_url)
    different = {key for key in {*at_head, *fresh} if at_head.get(key) != fresh.get(key)}
    assert {f"{key.kind} {key.name}" for key in different} == {
        "table payment_outbox_pending",
        "table tenants",
        "policy tenants.p",
        "column payment_outbox_attempts.settled_by",
        "constraint payment_outbox_pending.mine",
        "constraint tenants.tenants_tenant_type_check",
        "index payment_outbox_attempts.mine_rail",
        "index payment_outbox_attempts.mine_reference",
        "trigger payment_outbox_attempts.trg_mine",
        "trigger payment_outbox_pending.trg_set_corr_id_payment_outbox_pending",
        "reference invoices.invoices_attempt_id_fkey",
        "grant table payment_outbox_pending to test_user",
        "grant function uuid_v7_or_random() to boz_auditor",
        "grant column payment_outbox_attempts.settled_by to boz_auditor",
    }


def test_what_an_operator_must_decide_blocks(empty_database_url: str) -> None:
    url = empty_database_url
    facts, found = spoilt(url, BLOCKS)
    told(BLOCKS, found)
    before = catalog(url)
    with pytest.raises(NotAdoptable) as caught:
        adopted(url, facts, *found)
    assert {f.key for f in caught.value.inspection.open} >= {key for _, key, *_ in BLOCKS}
    assert catalog(url) == before
