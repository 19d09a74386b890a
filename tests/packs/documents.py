"""Packs as documents: of a life in a database, of the golden files, and changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from ledgerdb.packs import pack_document, timeline_of
from ledgerdb.sync import Ledger
from ledgerdb.verify.packs.forger import canonical
from ledgerdb.verify.packs.lives import LIVES, TENANT, Life
from tests.packs.conftest import GOLDEN

__all__ = ["NAMED", "Document", "export", "forged", "golden"]

Document = dict[str, Any]
NAMED = {life.name: life for life in LIVES}


def export(ledger: Ledger, life: Life) -> bytes:
    """The pack of a life, without proof."""
    pack = ledger.evidence_pack(TENANT, life.instruction_id)
    assert pack is not None
    return pack_document(pack)


def golden(name: str = "eventful") -> Document:
    """A golden pack, parsed."""
    document: Document = json.loads((GOLDEN / f"{name}.json").read_bytes())
    return document


def forged(document: Document, change: Callable[[Document], object]) -> bytes:
    """The document with a change to which timeline and digest fit."""
    changed = copy.deepcopy(document)
    change(changed)
    changed["timeline"] = timeline_of(changed)
    changed["digest"] = sha256(
        canonical({name: value for name, value in changed.items() if name != "digest"})
    ).hexdigest()
    return canonical(changed)
