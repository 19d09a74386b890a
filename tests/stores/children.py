"""What child processes of the tests do with a file store.

`python -m tests.stores.children ingest PATH FIRST COUNT` accepts instructions and prints each after
it was acknowledged; `fork PATH` uses a store on the other side of a fork.
"""

from __future__ import annotations

import os
import sys

from ledgerdb.errors import ConfigurationError
from ledgerdb.rows import TenantType
from ledgerdb.stores import FileStore
from tests.factories import TENANT, instruction


def ingest(path: str, first: int, count: int) -> None:
    with FileStore(path) as store:
        store.register_tenant(TENANT, "tenant", "A Bank", TenantType.NGO)
        store.ingest(instruction(0))  # everybody's
        for number in range(first, first + count):
            accepted = store.ingest(instruction(number))
            print(number, accepted.sequence_id, accepted.payload_hash, flush=True)


def fork(path: str) -> int:
    store = FileStore(path)
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        store.ping()
        return os.waitstatus_to_exitcode(status)
    try:
        store.ping()
    except ConfigurationError:
        store.close()  # leaves the parent's file alone
        os._exit(0)
    os._exit(1)


if __name__ == "__main__":
    if sys.argv[1] == "fork":
        sys.exit(fork(sys.argv[2]))
    ingest(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
