"""One number for a whole schema: what evidence names, and what a plan is bound to."""

from __future__ import annotations

import hashlib
import json

from ledgerdb.catalog.guests import without_guests
from ledgerdb.catalog.model import Catalog, structure

__all__ = ["fingerprint", "lines"]


def lines(catalog: Catalog) -> tuple[str, ...]:
    """One line of JSON per object that counts: compare two of them to see where they differ.

    Owners, privileges, roles, settings and comments are left out, and so are known guests.
    """
    return tuple(
        json.dumps([*key, value], sort_keys=True, ensure_ascii=False)
        for key, value in structure(without_guests(catalog)).items()
    )


def fingerprint(catalog: Catalog) -> str:
    """SHA-256 of the lines: 64 hex digits, equal on every version of PostgreSQL."""
    return hashlib.sha256("\n".join(lines(catalog)).encode()).hexdigest()
