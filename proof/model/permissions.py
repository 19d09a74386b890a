"""Which role may execute which function: tests/contract/privileges.txt says it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

__all__ = ["PERMISSIONS", "ROLES"]

ROLES: Final = tuple(
    f"symphony_{name}" for name in ("control", "executor", "ingest", "readonly", "auditor")
)
_FILE: Final = Path(__file__).parents[2] / "tests" / "contract" / "privileges.txt"


def _permissions() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in _FILE.read_text("utf-8").splitlines():
        kind, *cells = line.split(maxsplit=7) or [""]
        if kind in ("function", "definer") and len(cells) == 7:
            name = cells[6].partition("(")[0]
            found[name] = tuple(
                role for role, cell in zip(ROLES, cells, strict=False) if cell == "execute"
            )
    return found


PERMISSIONS: Final = _permissions()
