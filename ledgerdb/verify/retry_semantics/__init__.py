"""`ledgerdb verify retry-semantics`: how attempts are numbered, closed and ended, under attack.

Everything happens in a scratch database; see docs/verifying.md for what each check proves.
"""

from ledgerdb.verify.retry_semantics.run import ARTEFACT, CHECK_ID, verify_retry_semantics

__all__ = ["ARTEFACT", "CHECK_ID", "verify_retry_semantics"]
