"""What a check of a pack says: what is wrong, what the file proves, and what it does not."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["PackReport", "Statement"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence about one field; `field` is a path such as `attempts[0].claimed_at`, empty for
    the whole document.
    """

    field: str
    text: str

    def __str__(self) -> str:
        return f"{self.field}: {self.text}" if self.field else self.text


@dataclass(slots=True)
class PackReport:
    """The report of `check_pack`.

    Attributes:
        digest: of the pack, where it has one.
        findings: what is wrong.
        proven: what follows from the file and from what was given beside it.
        unproven: what does not, and why; nothing of that is claimed.
    """

    digest: str | None = None
    findings: list[Statement] = field(default_factory=list)
    proven: list[Statement] = field(default_factory=list)
    unproven: list[Statement] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True where nothing was found."""
        return not self.findings

    def wrong(self, place: str, text: str) -> None:
        """Something is not as it must be."""
        self.findings.append(Statement(place, text))

    def shown(self, place: str, text: str) -> None:
        """Something is proven."""
        self.proven.append(Statement(place, text))

    def open(self, place: str, text: str) -> None:
        """Something cannot be told from here."""
        self.unproven.append(Statement(place, text))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)
