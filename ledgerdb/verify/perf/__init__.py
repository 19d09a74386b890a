"""The verifier of the perf evidence: is what the bench says true, and does the guard hold?"""

from ledgerdb.verify.perf.run import ARTEFACTS, DRIVERS, SMOKE, verify_drivers, verify_smoke

__all__ = ["ARTEFACTS", "DRIVERS", "SMOKE", "verify_drivers", "verify_smoke"]
