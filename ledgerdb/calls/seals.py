"""The call of the sealer."""

from __future__ import annotations

from typing import Final

from ledgerdb.calls import _check as check
from ledgerdb.calls._build import Call, columns_of, statement
from ledgerdb.calls._shape import one
from ledgerdb.rows import BATCH_SIZE_MAX, SealedBatch

_SEAL: Final = statement("seal_ledger", {"p_limit": "integer"}, columns_of(SealedBatch))


def seal_ledger(limit: int = BATCH_SIZE_MAX) -> Call[SealedBatch]:
    """`seal_ledger`: seals the next rows of attempts and attestations."""
    return Call(
        "seal_ledger",
        _SEAL,
        {"p_limit": check.integer("limit", limit)},
        one(SealedBatch),
        writes=True,
    )
