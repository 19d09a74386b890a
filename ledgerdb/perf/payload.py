"""What the payload of an ingress write costs on the client, now and before.

Before is the reference's way: the body of the request is parsed, serialized to be hashed, and
serialized again to be stored. Now its bytes go to the database as they came, which hashes them.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ledgerdb import Instruction, Ledger
from ledgerdb.perf.figures import percentile

__all__ = ["AFTER", "BEFORE", "PAYLOAD_BYTES", "PayloadCost", "payload_costs"]

BEFORE: Final = "parsed, serialized twice"
AFTER: Final = "one buffer"
PAYLOAD_BYTES: Final = 65_536
_COUNTED: Final = 3
_WARM: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadCost:
    """Of one ingress write.

    Attributes:
        allocated_bytes: the most that Python held beyond what it held before (tracemalloc); the
            least of three writes.
        p50_ms: of the whole, database included, without tracemalloc; and so on.
    """

    allocated_bytes: int
    p50_ms: float
    p95_ms: float


def payload_costs(
    ledger: Ledger, instruction: Callable[[], Instruction], times: int
) -> dict[str, PayloadCost]:
    """Both ways in turn.

    Args:
        ledger: that accepts the instructions.
        instruction: makes the next one; its payload is replaced.
        times: writes of each whose time is taken.

    Raises:
        LedgerError: the ledger refused one.
    """
    body = _body()

    def before() -> None:
        document = json.loads(body)
        digest = hashlib.sha256(_serialized(document).encode()).hexdigest()
        text = _serialized(document)
        ledger.ingest(replace(instruction(), payload=text, signature_hash=digest))

    def after() -> None:
        ledger.ingest(replace(instruction(), payload=body))

    ways = {BEFORE: before, AFTER: after}
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(_WARM + times):
        for way, write in ways.items():
            began = time.perf_counter()
            write()
            if turn >= _WARM:
                seconds[way].append(time.perf_counter() - began)
    return {
        way: PayloadCost(
            allocated_bytes=min(_allocated(write) for _ in range(_COUNTED)),
            p50_ms=round(statistics.median(seconds[way]) * 1_000, 4),
            p95_ms=round(percentile(sorted(seconds[way]), 95) * 1_000, 4),
        )
        for way, write in ways.items()
    }


def _body() -> bytes:
    """A batch of transfers, of exactly so many bytes, spelled as `_serialized` does."""
    transfer = {"amount": "10.00", "currency": "EUR", "creditor": "Zoë Müller", "end_to_end": "x"}
    document = {"note": "", "transfers": [transfer] * (PAYLOAD_BYTES // 128)}
    missing = PAYLOAD_BYTES - len(_serialized(document).encode())
    return _serialized(document | {"note": "n" * missing}).encode()


def _serialized(document: object) -> str:
    return json.dumps(document, ensure_ascii=False)


def _allocated(write: Callable[[], None]) -> int:
    tracemalloc.start()
    try:
        first = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        write()
        return tracemalloc.get_traced_memory()[1] - first
    finally:
        tracemalloc.stop()
