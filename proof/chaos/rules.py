"""All invariants, by name."""

from __future__ import annotations

from typing import Final

from proof.chaos.rules_database import DATABASE_RULES
from proof.chaos.rules_history import HISTORY_RULES

__all__ = ["RULES"]

RULES: Final = {rule.name: rule for rule in (*HISTORY_RULES, *DATABASE_RULES)}
