"""What one check of the verifier comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Part", "shown"]

_SHOWN_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Part:
    """One check.

    Attributes:
        seen: what was counted or measured; JSON values only.
        findings: what is wrong, one sentence each; none where the check passes.
    """

    seen: Mapping[str, Any]
    findings: tuple[str, ...] = ()


def shown(findings: Sequence[str]) -> tuple[str, ...]:
    """The first of many findings, and how many more there are."""
    more = len(findings) - _SHOWN_MAX
    return (*findings[:_SHOWN_MAX], *([f"and {more} more"] if more > 0 else []))
