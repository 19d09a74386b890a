"""The verifier of evidence packs: do they say what the tables say, and is a forged one found?"""

from ledgerdb.verify.packs.run import ARTEFACT, CHECK_ID, verify_packs

__all__ = ["ARTEFACT", "CHECK_ID", "verify_packs"]
