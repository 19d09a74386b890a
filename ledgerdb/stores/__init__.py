"""Stores: where an ingress service keeps its instructions, behind one set of verbs.

`PostgresStore` is the ledger; `FileStore` is one file, for development only. `open_store` takes the
one that the settings ask for, after the mode policy has allowed it. The async stores are the same
with `Async` before their names.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ledgerdb.stores.blocking import FileStore, PostgresStore, Store, open_store
from ledgerdb.stores.policy import Decision, StoreRefused, Verdict, decide

if TYPE_CHECKING:
    from ledgerdb.stores.awaited import (
        AsyncFileStore,
        AsyncPostgresStore,
        AsyncStore,
        open_async_store,
    )

__all__ = [
    "AsyncFileStore",
    "AsyncPostgresStore",
    "AsyncStore",
    "Decision",
    "FileStore",
    "PostgresStore",
    "Store",
    "StoreRefused",
    "Verdict",
    "decide",
    "open_async_store",
    "open_store",
]

# The async colour is loaded when it is asked for: a blocking service never pays for it.
_AWAITED = {"AsyncFileStore", "AsyncPostgresStore", "AsyncStore", "open_async_store"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute
    if name in _AWAITED:
        return getattr(import_module("ledgerdb.stores.awaited"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
