"""What to run, and who hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from ledgerdb.demo.results import Event, Moment
from ledgerdb.errors import ConfigurationError

__all__ = ["SAMPLE", "DemoOptions", "Observer"]

SAMPLE: Final = Path(__file__).with_name("instructions.ndjson")
WORKERS_MAX: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What to run.

    Attributes:
        instructions: NDJSON file; default: the shipped sample.
        workers: worker processes, 1 to 32.
        fail_rate: probability that an attempt at the rail does not succeed, 0 to 1.
        seed: decides which attempts do not.
        url: an empty database to use; None starts an embedded PostgreSQL 18.
        data_dir: where the embedded server keeps its data; None: a temporary folder.

    Raises:
        ConfigurationError: a value is out of its bounds.
    """

    instructions: Path = SAMPLE
    workers: int = 3
    fail_rate: float = 0.15
    seed: int = 1
    url: str | None = None
    data_dir: Path | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.workers <= WORKERS_MAX:
            raise ConfigurationError(f"workers: must be 1 to {WORKERS_MAX}, not {self.workers}")
        if not 0 <= self.fail_rate <= 1:
            raise ConfigurationError(f"fail rate: must be 0 to 1, not {self.fail_rate}")


class Observer(Protocol):
    """Hears of a run as it goes; must not raise."""

    def phase(self, text: str) -> None:
        """A new part of the plot begins."""

    def reading(self, moment: Moment, *, intake_done: bool) -> None:
        """How far it is; `acknowledged` is final once `intake_done`."""

    def happened(self, event: Event) -> None:
        """A kill, a repair."""
