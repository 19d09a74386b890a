"""The tables as SQLAlchemy Core objects, for reading: reports, joins, look-ups of a service.

Writes go through the functions (`ledgerdb.calls`); the runtime roles have no other way. A contract
test compares these definitions with the catalog at head, both ways. Constraints and indexes are
not repeated here: `migrations/schema.sql` has them.
"""

from ledgerdb.schema._columns import metadata
from ledgerdb.schema.ingress import (
    ingress_attestations,
    policy_versions,
    revoked_client_certs,
    revoked_tokens,
    tenant_clients,
    tenant_members,
    tenants,
)
from ledgerdb.schema.operations import (
    ledger_retention_runs,
    outbox_controls,
    outbox_counter_drift_report,
    outbox_retry_policies,
    payment_outbox_operator_actions,
    payment_outbox_outcomes,
)
from ledgerdb.schema.outbox import (
    participant_outbox_sequences,
    payment_outbox_attempts,
    payment_outbox_identities,
    payment_outbox_late_results,
    payment_outbox_pending,
)
from ledgerdb.schema.seals import ledger_retired_leaves, ledger_seal_horizon, ledger_seals

__all__ = [
    "ingress_attestations",
    "ledger_retention_runs",
    "ledger_retired_leaves",
    "ledger_seal_horizon",
    "ledger_seals",
    "metadata",
    "outbox_controls",
    "outbox_counter_drift_report",
    "outbox_retry_policies",
    "participant_outbox_sequences",
    "payment_outbox_attempts",
    "payment_outbox_identities",
    "payment_outbox_late_results",
    "payment_outbox_operator_actions",
    "payment_outbox_outcomes",
    "payment_outbox_pending",
    "policy_versions",
    "revoked_client_certs",
    "revoked_tokens",
    "tenant_clients",
    "tenant_members",
    "tenants",
]
