"""Adopting a database that the earlier plain-SQL migrations built.

Inspection reads only and lists every difference with its consequence; adoption brings what is
missing and records revision 0001, from which `upgrade` goes on.
"""

from ledgerdb.migrate.adopt.confirm import AdoptionReport, NotAdoptable, adopt, look_at
from ledgerdb.migrate.adopt.finding import Change, Effect, Finding
from ledgerdb.migrate.adopt.inspection import Inspection
from ledgerdb.migrate.adopt.recorded import NotAReference

__all__ = [
    "AdoptionReport",
    "Change",
    "Effect",
    "Finding",
    "Inspection",
    "NotAReference",
    "NotAdoptable",
    "adopt",
    "look_at",
]
