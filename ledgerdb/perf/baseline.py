"""The baseline: a file beside the history, committed with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ledgerdb.errors import ConfigurationError

__all__ = ["read", "write"]


def read(path: Path) -> dict[str, Any] | None:
    """The baseline; None where there is no file. Whether it is valid, `standing` says.

    Raises:
        ConfigurationError: the file is no JSON object.
        OSError: it cannot be read.
    """
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ConfigurationError(f"{path.name} is no baseline: {error}") from None
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path.name} is no baseline: it is no JSON object")
    return content


def write(path: Path, baseline: Mapping[str, Any]) -> None:
    """Replaces it.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(baseline, sort_keys=True, indent=2) + "\n"
    path.write_text(text, "utf-8", newline="\n")
