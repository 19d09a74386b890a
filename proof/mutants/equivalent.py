"""Mutants that keep every promise, and why that is so.

A mutant is known by its changed lines. The reason is for the reader to judge: none of them says
that the difference does not matter, each says why there is none that a caller could see.
"""

from __future__ import annotations

from typing import Final

from proof.mutants.mutant import Mutant

__all__ = ["reason_for"]

# (function, kind or part of the changed lines) -> why
_REASONS: Final[dict[tuple[str, str], str]] = {}


def reason_for(mutant: Mutant) -> str | None:
    """Why nobody can tell it from the live function."""
    for (function, part), reason in _REASONS.items():
        if mutant.function == function and part in mutant.change:
            return reason
    return None
