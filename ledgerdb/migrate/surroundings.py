"""What a step of a deployment is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import URL, Connection

from ledgerdb.migrate.config import LockBudget

__all__ = ["Surroundings"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a step needs to know of its deployment.

    Attributes:
        url: the database.
        witness: a connection in autocommit, to look around with.
        budget: how long it may stand in the way.
        on_progress: told the name of the step, how much is done, and of how much if that is known.
        on_blocked: told who holds locks that the step needs.
    """

    url: URL
    witness: Connection
    budget: LockBudget
    on_progress: Callable[[str, int, int | None], None]
    on_blocked: Callable[[str], None]
