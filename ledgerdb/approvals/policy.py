"""The policy of change control: the roles, what each signs for, and which are kept apart."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from ledgerdb.approvals.documents import read_toml

__all__ = ["POLICY", "Pair", "Policy", "Role", "read_policy", "same_person"]

POLICY: Final = "evidence/change-control.toml"
_SCHEMA: Final = "change-control.schema.json"
_PARTS: Final = re.compile(r"[<>]")

Pair = tuple[str, str]


class Role(StrEnum):
    """Who must approve; each change needs all of them."""

    ARCHITECT = "architect"
    IMPLEMENTER = "implementer"
    POLICY_GUARDIAN = "policy_guardian"


@dataclass(frozen=True, slots=True)
class Policy:
    """What `evidence/change-control.toml` says.

    Attributes:
        separated: pairs of roles that one person may not both sign for.
        signs: role -> the statements that an approval makes.
        needs_signature: whether an approval counts only with a signature.
    """

    separated: frozenset[Pair]
    signs: Mapping[Role, tuple[str, ...]]
    needs_signature: bool


def read_policy(root: Path) -> Policy:
    """The policy of a checkout.

    Raises:
        ApprovalRefused: it is missing, or not as its schema says.
    """
    content = read_toml(root, root / POLICY, _SCHEMA)
    return Policy(
        separated=frozenset((one, other) for one, other in content["separation"]["separated"]),
        signs={role: tuple(content["roles"][role]["signs"]) for role in Role},
        needs_signature=content["signatures"]["required"],
    )


def same_person(one: str, other: str) -> bool:
    """Whether two who signed share a name or an address, however it is written."""
    return bool(_names(one) & _names(other))


def _names(by: str) -> frozenset[str]:
    plain = (unicodedata.normalize("NFKC", part).casefold() for part in _PARTS.split(by))
    return frozenset(" ".join(part.split()) for part in plain if part.strip())
