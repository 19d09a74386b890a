"""`ledgerdb verify store-policy`: where services start with which store, and where not."""

from __future__ import annotations

from ledgerdb.cli.verify import Json, Out, checking, conclude, folder_of
from ledgerdb.verify import store_policy

__all__ = ["store_policy_command"]


def store_policy_command(*, out: Out = None, as_json: Json = False) -> None:
    """Start services in every environment and store mode: the file store opens in development only.

    No database is needed. Each start is a process of its own; a minute on a small machine.
    """
    with checking("store policy") as step:
        folder = folder_of(out)
        found = store_policy.verify_store_policy(progress=step)
        found.write(folder / store_policy.ARTEFACT)
    conclude(found, folder / store_policy.ARTEFACT, as_json=as_json)
