"""What the revisions after the baseline add and drop, read from their scripts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ledgerdb.migrate.adopt.look import Later
from ledgerdb.migrate.frozen import SqlFile

__all__ = ["read"]

_COMMENT: Final = re.compile(r"--[^\n]*")
_ALTER: Final = re.compile(r"\balter table public\.(\w+)([^;]*);", re.IGNORECASE)
_ADDS: Final = re.compile(r"\badd column (\w+)", re.IGNORECASE)
_DROPS: Final = re.compile(r"\bdrop constraint (\w+)", re.IGNORECASE)
_INDEX: Final = re.compile(r"\bcreate (?:unique )?index (?:concurrently )?(\w+)", re.IGNORECASE)
_DROPS_INDEX: Final = re.compile(r"\bdrop index (?:concurrently )?public\.(\w+)", re.IGNORECASE)


def read(scripts: Iterable[SqlFile]) -> Later:
    """The names in the scripts of the later revisions."""
    columns: set[str] = set()
    relations: set[str] = set()
    dropped: set[str] = set()
    for script in scripts:
        text = _COMMENT.sub("", script.text)
        for table, actions in _ALTER.findall(text):
            columns |= {f"{table}.{column}" for column in _ADDS.findall(actions)}
            dropped |= set(_DROPS.findall(actions))
        relations |= set(_INDEX.findall(text))
        dropped |= set(_DROPS_INDEX.findall(text))
    return Later(frozenset(columns), frozenset(relations), frozenset(dropped))
