"""Structured logs: one JSON document a line on stderr, without payloads, keys or tokens.

An exception is logged as the names of its classes and the places of its frames. Its message is
left out: a driver's message may quote the parameters of a statement.
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec

__all__ = ["configure", "event"]

_FRAMES_MAX: Final = 5


class _Document(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        document: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            document["error"] = _names(record.exc_info[1])
            document["where"] = _places(record.exc_info[2])
        return msgspec.json.encode(document).decode()


def _names(error: BaseException | None) -> list[str]:
    names: list[str] = []
    while error is not None and len(names) < _FRAMES_MAX:
        names.append(type(error).__name__)
        error = error.__cause__ or error.__context__
    return names


def _places(trace: TracebackType | None) -> list[str]:
    return [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)[-_FRAMES_MAX:]
    ]


def configure(level: str = "INFO") -> None:
    """Sends the logs of the process to stderr, those of uvicorn and ledgerdb included."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Document())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def event(log: logging.Logger, message: str, **fields: object) -> None:
    """Logs an event with named fields."""
    log.info(message, extra={"fields": fields})
