"""What every public function promises, each promise tried alone: `python -m proof promises`.

The promises are read from docs/operations.md, docs/limits.md, sqlfunctions/README.md and what the
functions say about themselves. Nothing here shares code with the functions or with ledgerdb's
calls: it is plain SQL, and Python that computes the same things another way.
"""

from __future__ import annotations

from proof.promises.run import Finding, check_promises
from proof.promises.world import Broken

__all__ = ["Broken", "Finding", "check_promises"]
