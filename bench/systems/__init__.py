"""The systems that take turns, by name."""

from bench.systems.base import Client, Kind, Layout, System
from bench.systems.floors import BARE, LEAN, TABLES
from bench.systems.functions import FUNCTIONS
from bench.systems.ledger import LEDGERDB
from bench.systems.reference import PSQL, REFERENCE
from bench.systems.sketches import CURSOR, VISIBILITY

__all__ = [
    "BARE",
    "CURSOR",
    "FUNCTIONS",
    "LEAN",
    "LEDGERDB",
    "PSQL",
    "REFERENCE",
    "SYSTEMS",
    "TABLES",
    "VISIBILITY",
    "Client",
    "Kind",
    "Layout",
    "System",
]

SYSTEMS = {
    system.name: system
    for system in (LEDGERDB, FUNCTIONS, REFERENCE, PSQL, BARE, LEAN, TABLES, VISIBILITY, CURSOR)
}
