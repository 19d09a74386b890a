"""The SQL files beside the revisions: the one place that reads them.

A frozen file (`frozen/NNNN_name.sql`) is a byte copy of a live function; a script
(`ddl/NNNN_slug.sql`) is plain DDL. Both are pinned by sha256 in the revision that runs them.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledgerdb.errors import MigrationError

__all__ = ["DDL", "FROZEN", "SqlFile", "bodies", "created", "function_name", "read"]

DDL: Final = "ddl"
FROZEN: Final = "frozen"

_NUMBERED = re.compile(r"(\d{4})_([a-z_][a-z0-9_]*)\.sql")
_QUOTED_BODY = re.compile(r"\bas\s+\$function\$(.*?)\$function\$", re.DOTALL | re.IGNORECASE)
_ATOMIC_BODY = re.compile(r"\bbegin\s+atomic\b", re.IGNORECASE)
_LINE_COMMENT = re.compile(r"--[^\n]*")
_CREATES = re.compile(
    r"\bcreate\s+(?:unlogged\s+)?(?:materialized\s+)?(table|type|view|sequence)\s+"
    r"(?:if\s+not\s+exists\s+)?public\.(\w+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SqlFile:
    """A file as it will be sent: text with LF line ends, and the sha256 of exactly that."""

    path: Path
    text: str
    sha256: str

    @property
    def label(self) -> str:
        """The name in messages: folder and file."""
        return f"{self.path.parent.name}/{self.path.name}"


def read(path: Path) -> SqlFile:
    """Reads a file. A checkout with CRLF line ends, or a byte order mark, reads the same.

    Raises:
        MigrationError: the file is missing, unreadable, not UTF-8, or holds a null byte.
    """
    label = f"{path.parent.name}/{path.name}"
    try:
        content = path.read_bytes().removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n")
    except OSError as error:
        raise MigrationError(f"{label} cannot be read: {error.strerror}") from error
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MigrationError(f"{label} is not UTF-8 at byte {error.start}") from error
    if "\0" in text:
        raise MigrationError(f"{label} holds a null byte")
    return SqlFile(path, text, hashlib.sha256(content).hexdigest())


def function_name(file_name: str) -> tuple[str, str]:
    """`0002_claim.sql` -> ("0002", "claim").

    Raises:
        MigrationError: the name has another form.
    """
    match = _NUMBERED.fullmatch(file_name)
    if match is None:
        raise MigrationError(f"{file_name!r} must be named NNNN_name.sql, in lower case")
    return match[1], match[2]


def bodies(file: SqlFile) -> tuple[str | None, ...]:
    """What `pg_proc.prosrc` must hold for each function of the file.

    The text between `as $function$` and `$function$`; None for a `begin atomic` body, which
    PostgreSQL keeps parsed.

    Raises:
        MigrationError: the file creates no function in either form.
    """
    quoted: list[str | None] = list(_QUOTED_BODY.findall(file.text))
    rest = _LINE_COMMENT.sub("", _QUOTED_BODY.sub("", file.text))
    found = quoted + [None] * len(_ATOMIC_BODY.findall(rest))
    if not found:
        raise MigrationError(f"{file.label}: no `as $function$` or `begin atomic` body found")
    return tuple(found)


def created(file: SqlFile) -> tuple[frozenset[str], frozenset[str]]:
    """The relations and the types that a script creates in schema public, by name."""
    found = _CREATES.findall(_LINE_COMMENT.sub("", file.text))
    types = frozenset(name for kind, name in found if kind.lower() == "type")
    return frozenset(name for kind, name in found if kind.lower() != "type"), types
