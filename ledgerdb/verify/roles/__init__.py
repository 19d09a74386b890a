"""`ledgerdb verify roles`: the matrix of who may do what, against the catalog of a database."""

from ledgerdb.verify.roles.run import ARTEFACT, CHECK_ID, verify_roles, witness

__all__ = ["ARTEFACT", "CHECK_ID", "verify_roles", "witness"]
