"""Evidence packs: what the ledger holds about one instruction, as a file that stands alone.

`pack_document` makes one of what `Ledger.evidence_pack` returns; `check_pack` examines one offline,
with no database. See docs/evidence-packs.md and docs/adr/0017-evidence-packs.md.
"""

from ledgerdb.packs.build import FORMAT, FORMAT_VERSION, pack_document
from ledgerdb.packs.canonical import InvalidPack
from ledgerdb.packs.chain import KeptSeal
from ledgerdb.packs.check import UnknownFormat, check_pack, read_pack
from ledgerdb.packs.report import PackReport, Statement
from ledgerdb.packs.timeline import timeline_of
from ledgerdb.packs.today import check_today

__all__ = [
    "FORMAT",
    "FORMAT_VERSION",
    "InvalidPack",
    "KeptSeal",
    "PackReport",
    "Statement",
    "UnknownFormat",
    "check_pack",
    "check_today",
    "pack_document",
    "read_pack",
    "timeline_of",
]
