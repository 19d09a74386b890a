"""The catalog of ledgerdb's objects: what a database has, and what a revision must have.

`read` says what is there, `expected.at` what the migrations make, `compare` where the two differ.
"""

from ledgerdb.catalog.expected import Expected
from ledgerdb.catalog.fingerprint import fingerprint
from ledgerdb.catalog.guests import without_guests
from ledgerdb.catalog.model import Catalog, Key, Names
from ledgerdb.catalog.read import read

__all__ = ["Catalog", "Expected", "Key", "Names", "fingerprint", "read", "without_guests"]
