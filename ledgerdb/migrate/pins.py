"""What a revision will run, read from its source without running it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen

__all__ = ["CONVERGING", "FOLDER_OF", "ONLINE", "Pin", "load", "pins_of", "pins_of_source"]

# Operations that run outside of a transaction: each is all that its revision does.
ONLINE: Final = frozenset(
    {"backfill", "build_index", "drop_index_concurrently", "validate_constraint"}
)
# Those that find their end in the catalog: done before, they are looked at again for nothing.
CONVERGING: Final = ONLINE - {"backfill"}
# operation -> folder of its files
FOLDER_OF: Final = {
    "install_function": frozen.FROZEN,
    "run_script": frozen.DDL,
    **dict.fromkeys(sorted(ONLINE), frozen.DDL),
}

_SHA256 = re.compile(r"[0-9a-f]{64}")
_BARE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Pin:
    """One file that a revision runs, with the sha256 that it must have."""

    operation: str
    file_name: str
    sha256: str

    def __post_init__(self) -> None:
        if not _BARE_NAME.fullmatch(self.file_name):
            raise MigrationError(f"{self.operation}: {self.file_name!r} is not a bare file name")
        if not _SHA256.fullmatch(self.sha256):
            raise MigrationError(
                f"{self.operation}({self.file_name!r}): sha256 must be 64 lower-case hex digits"
            )

    @property
    def folder(self) -> str:
        return FOLDER_OF[self.operation]


def load(pin: Pin, migrations: Path) -> frozen.SqlFile:
    """The pinned file, unchanged.

    Raises:
        MigrationError: missing, or its bytes are not the pinned ones.
    """
    file = frozen.read(migrations / pin.folder / pin.file_name)
    if file.sha256 != pin.sha256:
        raise MigrationError(
            f"{file.label} was changed after it was pinned:"
            f" pinned sha256 {pin.sha256}, found {file.sha256};"
            " restore the file, and put the change into a new revision"
        )
    return file


def pins_of(revision_file: Path) -> tuple[Pin, ...]:
    """The files that a revision script runs, in order."""
    return pins_of_source(frozen.read(revision_file).text, revision_file.name)


def pins_of_source(source: str, name: str) -> tuple[Pin, ...]:
    """Like `pins_of`, for source text; `name` is used in messages.

    Raises:
        MigrationError: a file or sha256 is not a literal, so it cannot be checked in advance.
    """
    calls = [
        node
        for node in ast.walk(ast.parse(source, name))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in FOLDER_OF
    ]
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    return tuple(_pin(call, name) for call in calls)


def _pin(call: ast.Call, name: str) -> Pin:
    match call:
        case ast.Call(
            func=ast.Attribute(attr=operation),
            args=[ast.Constant(value=str(file_name))],
            keywords=[ast.keyword(arg="sha256", value=ast.Constant(value=str(sha256)))],
        ):
            return Pin(operation, file_name, sha256)
        case _:
            raise MigrationError(
                f"{name}:{call.lineno}: write op.{ast.unparse(call.func).rpartition('.')[2]}"
                '("NNNN_name.sql", sha256="...") with literal texts'
            )
