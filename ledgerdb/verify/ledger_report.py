"""What the witness of the ledger says: findings, and up to where it has looked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

__all__ = ["FINDINGS_MAX", "Finding", "Findings", "LedgerReport", "Unsealed", "Watermark"]

# So many findings of one invariant are kept; all are counted.
FINDINGS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken invariant: which one, of what, and what follows from it."""

    invariant: str
    object: str
    consequence: str


@dataclass(frozen=True, slots=True)
class Watermark:
    """The newest seal that was verified. Keep it outside of the database: it detects a chain that
    was cut, or written anew.
    """

    seal_no: int
    seal_hash: bytes

    def to_details(self) -> dict[str, Any]:
        """JSON."""
        return {"seal_no": self.seal_no, "seal_hash": self.seal_hash.hex()}

    @classmethod
    def from_details(cls, details: Mapping[str, Any]) -> Self:
        """What `to_details` made.

        Raises:
            KeyError, ValueError: it is something else.
        """
        return cls(int(details["seal_no"]), bytes.fromhex(details["seal_hash"]))


@dataclass(frozen=True, slots=True)
class Unsealed:
    """Rows of a subject that no seal covers yet: normal, where they are few and young."""

    subject: str
    rows: int
    oldest_seconds: float | None


class Findings:
    """Collects findings, a bounded number of each invariant."""

    def __init__(self) -> None:
        self.kept: list[Finding] = []
        self.counts: Counter[str] = Counter()

    def add(
        self, invariant: str, thing: str, consequence: str, *, count: int | None = None
    ) -> None:
        """Keeps one; `count` says how many there are, where only the first ones come here."""
        self.counts[invariant] = count or self.counts[invariant] + 1
        if count or self.counts[invariant] <= FINDINGS_MAX:
            self.kept.append(Finding(invariant, thing, consequence))


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerReport:
    """The report of `check_ledger`.

    Attributes:
        findings: at most `FINDINGS_MAX` of an invariant; `counts` has the true numbers.
        invariants: the names of what was checked.
        since: where the check began; None for a full one.
        watermark: where the next one may begin. It does not move over a broken chain.
        seals: how many were checked, with `rows` under them, of which `hashed` were hashed again
            and `retired` are gone.
        unsealed: what was not sealed yet, as information.
    """

    findings: tuple[Finding, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    invariants: tuple[str, ...]
    since: Watermark | None
    watermark: Watermark | None
    seals: int
    rows: int
    hashed: int
    retired: int
    unsealed: tuple[Unsealed, ...]

    @property
    def ok(self) -> bool:
        """True where nothing was found."""
        return not self.findings

    def to_details(self) -> dict[str, Any]:
        """JSON, for evidence."""
        return {
            "mode": "full" if self.since is None else "incremental",
            "findings": [asdict(finding) for finding in self.findings],
            "counts": dict(self.counts),
            "invariants": list(self.invariants),
            "since": self.since and self.since.to_details(),
            "watermark": self.watermark and self.watermark.to_details(),
            "seals": self.seals,
            "rows": self.rows,
            "hashed": self.hashed,
            "retired": self.retired,
            "unsealed": [asdict(backlog) for backlog in self.unsealed],
        }
