"""Which migration brought what: where the facts do not say, the names of the migrations do."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, Final

CATALOG: Final[dict[str, list[Any]]] = json.loads(
    resources.files("ledgerdb.migrate.adopt").joinpath("reference.json").read_text("utf-8")
)
HEAD: Final = "0034"
ATTEMPTS: Final = "payment_outbox_attempts"
PENDING: Final = "payment_outbox_pending"
INGRESS: Final = "ingress_attestations"

_OUTBOX = (ATTEMPTS, PENDING, INGRESS)
# Name of a table, or table.name of what is on it -> the migration that brought it. The rest: 0019.
_SINCE: Final[dict[str, str]] = {
    "billable_clients": "0020",
    "billing_usage_events": "0020",
    "external_proofs": "0020",
    "evidence_packs": "0020",
    "evidence_pack_items": "0020",
    "participants": "0022",
    "instruction_settlement_finality": "0028",
    "pii_purge_events": "0029",
    "pii_purge_requests": "0029",
    "pii_vault_records": "0029",
    "rail_dispatch_truth_anchor": "0031",
    "anchor_sync_operations": "0033",
    "tenants.billable_client_id": "0020",
    "tenants.parent_tenant_id": "0020",
    "tenants.tenants_billable_client_fk": "0026",
    "tenants.tenants_billable_client_required_new_rows_chk": "0026",
    "tenants.tenants_parent_tenant_fk": "0026",
    "tenants.idx_tenants_billable_client_id": "0021",
    "tenants.idx_tenants_parent_tenant_id": "0021",
    f"{ATTEMPTS}.trg_anchor_dispatched_outbox_attempt": "0031",
    f"{INGRESS}.signatures": "0023",
    **{
        f"{table}.{column}": "0020"
        for table in _OUTBOX
        for column in ("correlation_id", "upstream_ref", "downstream_ref", "nfs_sequence_ref")
    },
    **{f"{table}.trg_set_corr_id_{table}": "0026" for table in _OUTBOX},
    **{f"{table}.{table}_correlation_required_new_rows_chk": "0026" for table in _OUTBOX},
    **{
        f"{table}.idx_{table}_{columns}": "0021"
        for table in _OUTBOX
        for columns in ("correlation_id", "tenant_correlation")
    },
}
_FUNCTIONS_SINCE: Final[dict[str, str]] = {
    "deny_append_only_mutation": "0020",
    "set_external_proofs_attribution": "0020",
    "set_correlation_id_if_null": "0026",
    "deny_final_instruction_mutation": "0028",
    "enforce_instruction_reversal_source": "0028",
    "deny_pii_vault_mutation": "0029",
    "execute_pii_purge": "0029",
    "request_pii_purge": "0029",
    "anchor_dispatched_outbox_attempt": "0031",
    "claim_anchor_sync_operation": "0033",
    "complete_anchor_sync_operation": "0033",
    "ensure_anchor_sync_operation": "0033",
    "mark_anchor_sync_anchored": "0033",
    "repair_expired_anchor_sync_leases": "0033",
    "touch_anchor_sync_updated_at": "0033",
}
_BOZ_AUDITOR_SINCE: Final = "0025"


def rows(part: str, state: str) -> list[list[Any]]:
    """The rows of one part of the catalog that a database at `state` has."""
    return [row for row in CATALOG[part] if _there(part, row, state)]


def migrations(state: str) -> list[tuple[str, str]]:
    """Version and checksum of every migration up to `state`."""
    return [(v, checksum) for v, checksum in CATALOG["schema_migrations"] if v[:4] <= state]


def _there(part: str, row: list[Any], state: str) -> bool:
    name = row[0]
    if part in {"functions", "function_grants"}:
        return _FUNCTIONS_SINCE.get(name, "") <= state
    if part == "roles":
        return name != "boz_auditor" or state >= _BOZ_AUDITOR_SINCE
    if part == "table_grants" and row[1] == "boz_auditor" and state < _BOZ_AUDITOR_SINCE:
        return False
    of_it = f"{name}.{row[1]}" if part != "enums" else ""
    return max(_SINCE.get(name, ""), _SINCE.get(of_it, "")) <= state
