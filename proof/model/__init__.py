"""A model of the outbox in plain Python, and a machine that holds the database against it.

The files `state`, `ingress`, `leases`, `order` and `operators` say what the contract promises. They
know nothing of ledgerdb's Python and read no SQL. The others call, compare and report.
"""

from proof.model.check import check_model

__all__ = ["check_model"]
