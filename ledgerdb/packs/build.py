"""From what the ledger holds about an instruction to the bytes of its pack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from ledgerdb.packs.canonical import canonical, digest_of, time_text
from ledgerdb.packs.timeline import timeline_of
from ledgerdb.rows import EvidencePack

__all__ = ["FORMAT", "FORMAT_VERSION", "pack_document"]

FORMAT: Final = "ledgerdb-evidence-pack"
FORMAT_VERSION: Final = 1
# bigint in the database: digits in a text, since a JSON number is only exact up to 2^53.
_BIGINT: Final = frozenset(
    {"sequence_id", "position", "after_position", "through_position", "seal_no"}
)


def pack_document(pack: EvidencePack, *, proof: Mapping[str, Any] | None = None) -> bytes:
    """The pack as a document that stands alone: canonical JSON, as `pack.schema.json` describes it.

    The same content gives the same bytes, whoever asks and whenever: the time of the export is not
    in it, and `digest` identifies it (an HTTP ETag, say).

    Args:
        pack: what `Ledger.evidence_pack` returned.
        proof: the `proof` of the schema: the rows behind the hashes, and what is under the seals
            beside them. None leaves it out.

    Raises:
        InvalidPack: a text has no canonical form; none that PostgreSQL keeps is such a text.
    """
    document: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        **_object(pack),
        "proof": proof,
    }
    document["timeline"] = timeline_of(document)
    document["digest"] = digest_of(document)
    return canonical(document)


def _object(row: Any) -> dict[str, Any]:  # noqa: ANN401 - any row class
    return {
        field.name: _value(getattr(row, field.name), bigint=field.name in _BIGINT)
        for field in fields(row)
    }


def _value(value: object, *, bigint: bool) -> object:
    if isinstance(value, int) and bigint:
        return str(value)
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, UUID | str):  # words of enums are texts
        return str(value)
    if isinstance(value, tuple):
        return [_value(one, bigint=False) for one in value]
    return _object(value) if is_dataclass(value) else value
