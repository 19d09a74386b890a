"""Who is told what a deployment does: the protocol, and the plain log that Alembic users see."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["LogReport", "Report", "StepInfo"]

_log = logging.getLogger("ledgerdb.migrate")


@dataclass(frozen=True, slots=True)
class StepInfo:
    """One revision: its identifier and the first paragraph of its docstring."""

    revision: str
    summary: str


class Report(Protocol):
    """Hears of a deployment as it goes; must not raise."""

    def planned(self, steps: Sequence[StepInfo]) -> None:
        """The steps to run, all checked; nothing is written yet."""

    def waiting(self, holder: str) -> None:
        """Another deployer has the lock; said once."""

    def started(self, step: StepInfo) -> None:
        """The transaction of this step begins."""

    def prepared(self, step: StepInfo, name: str, done: int, total: int | None) -> None:
        """How far one of the step's preparations is; `total` is None where nobody knows."""

    def blocked(self, step: StepInfo, holders: str) -> None:
        """Others hold locks that the step needs: it gave way, and will try again."""

    def committed(self, step: StepInfo) -> None:
        """This step is committed."""

    def warned(self, message: str) -> None:
        """The server raised a warning during a step."""

    def verified(self, revision: str | None) -> None:
        """A fresh connection found the database at this revision, functions and all."""


class LogReport:
    """One log line per step."""

    def planned(self, steps: Sequence[StepInfo]) -> None:
        """Says nothing: each step has its own line."""

    def waiting(self, holder: str) -> None:
        _log.info("waiting for another deployer: %s", holder)

    def started(self, step: StepInfo) -> None:
        _log.info("%s %s", step.revision, step.summary)

    def prepared(self, step: StepInfo, name: str, done: int, total: int | None) -> None:
        """One line when a preparation begins and one when it is done."""
        if done == 0:
            _log.info("%s %s", step.revision, name)
        elif done == total:
            _log.info("%s %s: done", step.revision, name)

    def blocked(self, step: StepInfo, holders: str) -> None:
        _log.info("%s in the way, trying again: %s", step.revision, holders)

    def committed(self, step: StepInfo) -> None:
        """Says nothing: the next line, or the last one, shows it."""

    def warned(self, message: str) -> None:
        _log.warning("warning: %s", message)

    def verified(self, revision: str | None) -> None:
        _log.info("at %s (verified)", revision or "base")
