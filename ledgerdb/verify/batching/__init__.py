"""The verifier of batching: does the driver send sets? Its metrics tell, and the server counts."""

from ledgerdb.verify.batching.run import ARTEFACT, CHECK_ID, verify_batching

__all__ = ["ARTEFACT", "CHECK_ID", "verify_batching"]
