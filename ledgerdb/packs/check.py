"""The offline check of a pack: what can be told from the bytes of the file alone."""

from __future__ import annotations

import functools
import json
import textwrap
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match

from ledgerdb.packs.build import FORMAT, FORMAT_VERSION
from ledgerdb.packs.canonical import InvalidPack, canonical, digest_of, parsed
from ledgerdb.packs.chain import KeptSeal, check_chain
from ledgerdb.packs.life import check_life
from ledgerdb.packs.payload import check_payload
from ledgerdb.packs.proof import check_proof
from ledgerdb.packs.report import PackReport
from ledgerdb.packs.timeline import timeline_of

__all__ = ["UnknownFormat", "check_pack", "read_pack"]

_SCHEMA: Final = Path(__file__).with_name("pack.schema.json")
_MESSAGE_MAX: Final = 200
_UNSEALED: Final = (
    ("outbox", "what its attempts do not repeat"),
    ("late_results", "what came too late"),
    ("operator_actions", "what operators did"),
    ("retired", "how a retired item ended"),
)


class UnknownFormat(InvalidPack):
    """A pack of a format that this release does not know."""


def read_pack(data: bytes) -> dict[str, Any]:
    """The document of a pack, of which nothing is checked but its format.

    Raises:
        InvalidPack: the bytes are no pack.
        UnknownFormat: they may be one, of a version that this release does not know.
    """
    document = parsed(data)
    if document.get("format") != FORMAT:
        raise InvalidPack(f"is no evidence pack: its format is {document.get('format')!r}")
    version = document.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise UnknownFormat(f"has format version {version}; this release knows {FORMAT_VERSION}")
    return document


def check_pack(
    data: bytes, *, payload: bytes | None = None, kept: Sequence[KeptSeal] = ()
) -> PackReport:
    """Everything that the bytes of a pack can be asked, with no database.

    Args:
        data: the file, to the byte.
        payload: the bytes that were sent to the ledger; None leaves its hashes unchecked.
        kept: seals that somebody kept outside of the database.

    Returns:
        What is wrong, what is proven and what is not. A pack without findings is consistent; only a
        seal that was kept elsewhere shows that it is the ledger's.

    Raises:
        UnknownFormat: this release cannot judge it.
    """
    report = PackReport()
    try:
        document = read_pack(data)
    except UnknownFormat:
        raise
    except InvalidPack as error:
        report.wrong("", str(error))
        return report
    _check_shape(document, report)
    shapeless = not report.ok
    _check_bytes(data, document, report)
    if shapeless:
        report.open("", "nothing else was checked: it does not have the shape of a pack")
        return report
    report.digest = document["digest"]
    if document["timeline"] != timeline_of(document):
        report.wrong("timeline", "is not that of the times in the pack, in their order")
    check_life(document, report)
    check_payload(document, payload, report)
    check_chain(document, kept, report)
    check_proof(document, report)
    for name, what in _UNSEALED:
        if document[name]:
            report.open(name, f"{what} is under no seal: only the digest covers it")
    return report


def _check_shape(document: dict[str, Any], report: PackReport) -> None:
    for error in _validator().iter_errors(document):
        found = best_match([error]) or error  # of several shapes, the one that is nearly met
        place = found.json_path.removeprefix("$").removeprefix(".")
        report.wrong(place, textwrap.shorten(found.message, _MESSAGE_MAX))


def _check_bytes(data: bytes, document: dict[str, Any], report: PackReport) -> None:
    try:
        if canonical(document) != data:
            report.wrong("", "is not in canonical form (RFC 8785): the bytes were changed")
        if document.get("digest") != digest_of(document):
            report.wrong("digest", "is not that of the content: something was changed")
        else:
            report.shown("digest", "is that of the content: nothing was changed by accident")
    except InvalidPack as error:
        report.wrong("", str(error))


@functools.cache
def _validator() -> Draft202012Validator:
    days = FormatChecker(())
    days.checks("date-time", raises=ValueError)(_is_time)
    return Draft202012Validator(json.loads(_SCHEMA.read_text("utf-8")), format_checker=days)


def _is_time(value: object) -> bool:
    """The pattern of the schema has no calendar."""
    return not isinstance(value, str) or bool(datetime.fromisoformat(value))
