"""The rules of change control as the checkout has them, and who is the same person."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ledgerdb.verify.conformance.documents import checked

__all__ = ["Rules", "read_rules", "share_a_name"]

_FILE: Final = "evidence/change-control.toml"


@dataclass(frozen=True, slots=True)
class Rules:
    """`evidence/change-control.toml`; `content` is None where it says nothing that counts."""

    content: Mapping[str, Any] | None
    findings: tuple[str, ...]


def read_rules(root: Path) -> Rules:
    """Reads the policy; one that is missing or unclear approves nothing."""
    try:
        written = tomllib.loads((root / _FILE).read_bytes().decode("utf-8"))
    except FileNotFoundError:
        return Rules(None, (f"{_FILE} is missing: nothing says who must approve",))
    except ValueError as error:
        return Rules(None, (f"{_FILE} is no TOML: {error}",))
    content, findings = checked(root, written, "change-control.schema.json", _FILE)
    return Rules(content, tuple(findings))


def share_a_name(one: str, other: str) -> bool:
    """Whether a name or an address stands in both, in whatever letters and spaces."""
    return not _spellings(one).isdisjoint(_spellings(other))


def _spellings(by: str) -> set[str]:
    name, _, address = by.rstrip(">").partition("<")
    folded = (unicodedata.normalize("NFKC", text).casefold().split() for text in (name, address))
    return {" ".join(words) for words in folded if words}
