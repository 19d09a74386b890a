"""Puts the verifiers of several files into the group `ledgerdb verify`."""

from ledgerdb.cli import (
    gate,
    verify_batching,
    verify_catalog,
    verify_contract,
    verify_packs,
    verify_perf,
    verify_store,
)
from ledgerdb.cli.conformance import conformance_command
from ledgerdb.cli.verify import verify

__all__ = ["verify"]

verify.command("batching")(verify_batching.batching_command)
verify.command("clients")(gate.clients_command)
verify.command("conformance")(conformance_command)
verify.command("migrations")(gate.migrations_command)
verify.command("packs")(verify_packs.packs_command)
verify.command("perf")(verify_perf.perf_command)
verify.command("store-policy")(verify_store.store_policy_command)
verify.command("timeouts")(verify_catalog.timeouts_command)
verify.command("indexes")(verify_catalog.indexes_command)
verify.command("roles")(verify_catalog.roles_command)
verify.command("floors")(verify_catalog.floors_command)
verify.command("evidence")(verify_contract.evidence_command)
verify.command("contract")(verify_contract.contract_command)
verify.command("all")(verify_contract.all_command)
