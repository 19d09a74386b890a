"""The published SQLSTATEs, as the document for readers has them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

__all__ = ["published_codes"]

_DOCUMENT: Final = Path(__file__).parents[1] / "sqlfunctions" / "README.md"
_ROW: Final = re.compile(r"^\| ((?:`[0-9A-Z]{5}`(?:, )?)+) \|", re.MULTILINE)


def published_codes() -> frozenset[str]:
    """All of the table of `sqlfunctions/README.md`.

    Raises:
        ValueError: there is no such table.
    """
    rows = _ROW.findall(_DOCUMENT.read_text("utf-8"))
    if not rows:
        raise ValueError(f"{_DOCUMENT}: no table of SQLSTATEs")
    return frozenset(code for row in rows for code in re.findall(r"[0-9A-Z]{5}", row))
