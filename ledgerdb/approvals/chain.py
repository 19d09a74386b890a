"""The approvals of a checkout: a chain of folders, each bound to the bytes of the one before."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ledgerdb.approvals.documents import ApprovalRefused, canonical_sha256, read_json
from ledgerdb.approvals.policy import Pair, Role
from ledgerdb.approvals.surface import Surface

__all__ = ["CHANGE", "FOLDER", "Chain", "Step", "read_chain"]

FOLDER: Final = "evidence/approvals"
CHANGE: Final = "change.json"
_CHANGE_SCHEMA: Final = "approved-change.schema.json"
_APPROVAL_SCHEMA: Final = "approval.schema.json"
_STEP: Final = re.compile(r"(\d{4})-([0-9a-f]{12})")


@dataclass(frozen=True, slots=True)
class Step:
    """One folder: a change, and who approved it.

    Attributes:
        name: of the folder: its number, and the beginning of the digest of the surface.
        change: `change.json`.
        approvals: role -> `ROLE.json`.
        files: name -> SHA-256 of every file in the folder.
        surface: what the surface is after the change.
    """

    name: str
    change: Mapping[str, Any]
    approvals: Mapping[Role, Mapping[str, Any]]
    files: Mapping[str, str]
    surface: Surface

    @property
    def missing(self) -> tuple[Role, ...]:
        """The roles that have not signed."""
        return tuple(role for role in Role if role not in self.approvals)

    @property
    def separated(self) -> frozenset[Pair]:
        """The pairs of roles that the policy of this surface keeps apart."""
        return frozenset((one, other) for one, other in self.change["separated"])


@dataclass(frozen=True, slots=True)
class Chain:
    """Every step; only the last may lack approvals."""

    steps: tuple[Step, ...]

    @property
    def approved(self) -> Step | None:
        """The last step that every role signed."""
        return next((step for step in reversed(self.steps) if not step.missing), None)

    @property
    def begun(self) -> Step | None:
        """The step that some roles signed, and others not yet."""
        return self.steps[-1] if self.steps and self.steps[-1].missing else None

    @property
    def surface(self) -> Surface:
        """The surface that every role approved last; empty before the first."""
        return Surface({}) if self.approved is None else self.approved.surface


def read_chain(root: Path) -> Chain:
    """The approvals of a checkout, each checked against the one before.

    Raises:
        ApprovalRefused: one was edited, is missing in the middle, or does not follow.
        OSError: a file cannot be read.
    """
    steps: list[Step] = []
    folder = root / FOLDER
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if steps and steps[-1].missing:
            raise ApprovalRefused(
                f"{FOLDER}/{steps[-1].name} is not signed by {_listed(steps[-1].missing)},"
                f" and {path.name} stands beside it: one change after the other; remove the folder"
                " that never came into the main line"
            )
        steps.append(_step(root, path, steps[-1] if steps else None))
    return Chain(tuple(steps))


def _step(root: Path, path: Path, before: Step | None) -> Step:
    label = f"{FOLDER}/{path.name}"
    named = _STEP.fullmatch(path.name)
    if named is None or not path.is_dir():
        raise ApprovalRefused(f"{label} is no approval: folders are named NNNN-DIGEST")
    change = read_json(root, path / CHANGE, _CHANGE_SCHEMA)
    number = 1 if before is None else before.change["number"] + 1
    previous = None if before is None else {"folder": before.name, "files": dict(before.files)}
    if (change["number"], int(named[1])) != (number, number) or change["previous"] != previous:
        raise ApprovalRefused(
            f"{label} does not follow {'nothing' if before is None else before.name}: a folder"
            " before it was edited or removed, or two changes were approved side by side"
        )
    try:
        surface = (Surface({}) if before is None else before.surface).after(change["changes"])
    except ApprovalRefused as error:
        raise ApprovalRefused(f"{label}: {error}") from error
    said = {"digest": surface.digest, "files": len(surface.files)}
    if change["surface"] != said or not surface.digest.startswith(named[2]):
        raise ApprovalRefused(f"{label} was edited: its changes do not lead to its digest")
    files = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in path.iterdir()}
    approvals = {
        role: _approval(root, path, role, files[CHANGE]) for role in Role if f"{role}.json" in files
    }
    known = {CHANGE} | {f"{role}.json{suffix}" for role in approvals for suffix in ("", ".sig")}
    if unknown := sorted(files.keys() - known):
        raise ApprovalRefused(f"{label} has what is no approval: {unknown}")
    return Step(path.name, change, approvals, files, surface)


def _approval(root: Path, path: Path, role: Role, change: str) -> Mapping[str, Any]:
    label = f"{FOLDER}/{path.name}/{role}.json"
    approval = read_json(root, path / f"{role}.json", _APPROVAL_SCHEMA)
    signed = {name: value for name, value in approval.items() if name != "checksum"}
    if approval["checksum"] != canonical_sha256(signed):
        raise ApprovalRefused(f"{label} was edited: its checksum is another")
    if approval["role"] != role or approval["change"] != change:
        raise ApprovalRefused(f"{label} is of another role or another change")
    if not (approval["by"] + approval["reason"]).isprintable():
        raise ApprovalRefused(f"{label} has characters that cannot be seen")
    return approval


def _listed(roles: tuple[Role, ...]) -> str:
    return ", ".join(roles)
