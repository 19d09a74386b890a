"""The facts of a database that the earlier plain-SQL migrations built, at their last state.

`reference.json` was read off such a database. The part of the contract in it is what revision 0001
makes (tests/contract/test_reference_surface.py); the rest belongs to other domains.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any, Final

from ledgerdb.migrate.adopt.surface import (
    Column,
    Constraint,
    Function,
    Index,
    Surface,
    Table,
    Trigger,
)
from ledgerdb.migrate.guard import ROLES

__all__ = ["OLDEST_STATE", "TABLES", "Reference", "reference"]

OLDEST_STATE: Final = "0019"
# By how often they are written: who must wait for a lock waits for the first one.
TABLES: Final = (
    "payment_outbox_pending",
    "payment_outbox_attempts",
    "participant_outbox_sequences",
    "ingress_attestations",
    "tenants",
    "tenant_clients",
    "tenant_members",
    "policy_versions",
    "revoked_client_certs",
    "revoked_tokens",
)
_CORRELATED: Final = TABLES[:2] + TABLES[3:4]
# What its later migrations hung on our tables for other domains, and revision 0001 does not have.
GUESTS: Final = frozenset(
    {
        "tenants.billable_client_id",
        "tenants.parent_tenant_id",
        "tenants.tenants_billable_client_fk",
        "tenants.tenants_billable_client_required_new_rows_chk",
        "tenants.tenants_parent_tenant_fk",
        "tenants.idx_tenants_billable_client_id",
        "tenants.idx_tenants_parent_tenant_id",
        "payment_outbox_attempts.trg_anchor_dispatched_outbox_attempt",
    }
    | {f"{table}.trg_set_corr_id_{table}" for table in _CORRELATED}
    | {f"{table}.{table}_correlation_required_new_rows_chk" for table in _CORRELATED}
)


@dataclass(frozen=True, slots=True)
class Reference:
    """What to expect.

    Attributes:
        migrations: version -> checksum, in order, as `schema_migrations` records them.
        baseline: the objects of the contract, which are those of revision 0001.
        guests: what other domains hang on our tables.
        foreign_keys: `table.constraint` of other domains that point at our tables.
        grants: (table or function, role, privilege) of our roles on the contract.
    """

    migrations: Mapping[str, str]
    baseline: Surface
    guests: Surface
    foreign_keys: frozenset[str]
    grants: frozenset[tuple[str, str, str]]

    def with_bodies(self, hashes: Mapping[str, str]) -> Reference:
        """The same, with other known bodies of functions: name -> sha256."""
        functions = {
            name: (function._replace(hashes=frozenset({hashes[name]})),)
            for name, (function,) in self.baseline.functions.items()
        }
        return replace(self, baseline=replace(self.baseline, functions=functions))


@functools.cache
def reference() -> Reference:
    """The facts, read once."""
    facts = json.loads(resources.files(__package__).joinpath("reference.json").read_text("utf-8"))
    functions: dict[str, tuple[Function, ...]] = {
        name: (Function(arguments, result, _attributes(rest), frozenset({rest[-1]})),)
        for name, arguments, result, *rest in facts["functions"]
        if _is_ours(name)
    }
    return Reference(
        migrations=dict(facts["schema_migrations"]),
        baseline=_surface(facts, functions, guests=False),
        guests=_surface(facts, {}, guests=True),
        foreign_keys=frozenset(
            f"{row[0]}.{row[1]}"
            for row in facts["constraints"]
            if row[2] == "f" and row[0] not in TABLES
        ),
        grants=frozenset(
            [
                (table, role, privilege)
                for table, role, privileges in facts["table_grants"]
                if table in TABLES and role in ROLES
                for privilege in privileges
                if privilege != "MAINTAIN"  # part of ALL since PostgreSQL 17
            ]
            + [
                (function, role, "EXECUTE")
                for function, role in facts["function_grants"]
                if _is_ours(function) and role in ROLES
            ]
        ),
    )


def _is_ours(function: str) -> bool:
    return function in {
        "bump_participant_outbox_seq",
        "claim_outbox_batch",
        "complete_outbox_attempt",
        "deny_ingress_attestations_mutation",
        "deny_outbox_attempts_mutation",
        "deny_revocation_mutation",
        "enforce_member_tenant_match",
        "enqueue_payment_outbox",
        "outbox_retry_ceiling",
        "repair_expired_leases",
        "uuid_strategy",
        "uuid_v7_or_random",
    }


def _attributes(rest: list[Any]) -> tuple[Any, ...]:
    language, definer, volatility, config, _ = rest
    return (language, definer, volatility, tuple(config or ()))


def _surface(
    facts: Mapping[str, list[Any]], functions: dict[str, tuple[Function, ...]], *, guests: bool
) -> Surface:
    def rows(part: str) -> Iterator[tuple[str, list[Any]]]:
        for table, name, *rest in facts[part]:
            key = f"{table}.{name}"
            if table in TABLES and (key in GUESTS) is guests:
                yield key, rest

    keys = {f"{row[0]}.{row[1]}" for row in facts["constraints"] if row[2] in {"p", "u"}}
    return Surface(
        tables={
            name: Table("rp", tuple(options or ()), row_security=False, rules=0, children=0)
            for name, options in facts["tables"]
            if name in TABLES and not guests
        },
        columns={
            key: Column(type_, not_null, default, generated)
            for key, (type_, not_null, default, generated) in rows("columns")
        },
        constraints={
            key: Constraint(type_, validated, definition, ())
            for key, (type_, validated, definition) in rows("constraints")
        },
        indexes={
            key: Index(unique, valid, definition)
            for key, (unique, valid, definition) in rows("indexes")
            if key not in keys
        },
        triggers={
            key: Trigger(enabled, definition, "", answered=True)
            for key, (enabled, definition) in rows("triggers")
        },
        enums={name: tuple(labels) for name, labels in facts["enums"] if not guests},
        functions=functions,
    )
