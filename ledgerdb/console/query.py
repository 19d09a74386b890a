"""What a URL asks for: parameters become values, or the request is refused with a reason."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from ledgerdb.console.lists import STATUSES, DeadLetterFilter, QueueFilter
from ledgerdb.rows import IDENTIFIER_CHARS_MAX

__all__ = [
    "BadRequest",
    "cursor",
    "dead_letter_cursor",
    "dead_letter_filter",
    "link",
    "queue_cursor",
    "queue_filter",
    "text",
    "uuid",
]

_UNTIMED: Final = "untimed"


class BadRequest(ValueError):
    """A parameter is not what it must be; the message names it."""


def text(given: Mapping[str, str], name: str) -> str | None:
    """A text; None where it is missing or blank."""
    value = given.get(name, "").strip()
    if len(value) > IDENTIFIER_CHARS_MAX:
        raise BadRequest(f"{name}: has at most {IDENTIFIER_CHARS_MAX} characters")
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise BadRequest(f"{name}: has no control characters")
    return value or None


def uuid(given: Mapping[str, str], name: str) -> UUID | None:
    """A UUID; None where it is missing or blank."""
    value = text(given, name)
    try:
        return None if value is None else UUID(value)
    except ValueError:
        raise BadRequest(f"{name}: is not a UUID") from None


def queue_filter(given: Mapping[str, str]) -> QueueFilter:
    """Which items of the queue."""
    status = text(given, "status")
    if status is not None and status not in STATUSES:
        raise BadRequest(f"status: is one of {', '.join(STATUSES)}")
    return QueueFilter(
        status, uuid(given, "tenant"), text(given, "participant"), text(given, "rail")
    )


def queue_cursor(given: Mapping[str, str]) -> UUID | None:
    """The last item of the page before."""
    return uuid(given, "after")


def dead_letter_filter(given: Mapping[str, str]) -> DeadLetterFilter:
    """Which dead letters."""
    disputed = text(given, "disputed")
    if disputed not in {None, "yes", "no"}:
        raise BadRequest("disputed: is yes or no")
    return DeadLetterFilter(
        text(given, "rail"),
        uuid(given, "tenant"),
        text(given, "error"),
        None if disputed is None else disputed == "yes",
    )


def dead_letter_cursor(given: Mapping[str, str]) -> tuple[datetime | None, UUID] | None:
    """When the last item of the page before ended, and its id."""
    value = text(given, "after")
    if value is None:
        return None
    time, _, last = value.partition("~")
    try:
        ended = None if time == _UNTIMED else datetime.fromisoformat(time)
        if ended is not None and ended.tzinfo is None:
            raise BadRequest("after: is not from a link of this page")
        return ended, UUID(last)
    except ValueError:
        raise BadRequest("after: is not from a link of this page") from None


def cursor(ended: datetime | None, outbox_id: UUID) -> str:
    """The `after` of the page that follows a dead letter."""
    return f"{_UNTIMED if ended is None else ended.isoformat()}~{outbox_id}"


def link(path: str, **parameters: object) -> str:
    """A link within the console; what is None is left out."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path
