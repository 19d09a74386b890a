"""An approval: what it would say, what stands in its way, and its files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ledgerdb.approvals.chain import CHANGE, FOLDER, Chain, Step, read_chain
from ledgerdb.approvals.checkout import Checkout
from ledgerdb.approvals.consistency import require_consistent
from ledgerdb.approvals.documents import ApprovalRefused, canonical_sha256, require, text_of
from ledgerdb.approvals.policy import Policy, Role, read_policy, same_person
from ledgerdb.approvals.signature import sign
from ledgerdb.approvals.surface import Changes, Surface, changes_between, read_surface
from ledgerdb.verify.evidence import timestamp_utc

__all__ = ["Draft", "draft_approval"]

_CHANGE_FORMAT: Final = "ledgerdb-approved-change-1"
_APPROVAL_FORMAT: Final = "ledgerdb-approval-1"
_SIGNER: Final = re.compile(r"[^<>\s][^<>]*[^<>\s]( <[^<>\s]+>)?")
_REASON_MIN: Final = 10


@dataclass(frozen=True, slots=True)
class Draft:
    """An approval that nothing stands in the way of; not written yet.

    Attributes:
        folder: where it goes, below the checkout.
        follows: the folder that was approved before; None for the first.
        changes: what is approved.
        change: `change.json`, the same for every role.
        approval: `ROLE.json`.
        still_missing: the roles that have yet to sign afterwards.
        needs_signature: whether the policy counts it only with a signature.
        uncommitted: approved files that the last commit has not.
        lines: path -> lines added and removed, where git can tell.
    """

    root: Path
    folder: str
    follows: str | None
    changes: Changes
    change: Mapping[str, Any]
    approval: Mapping[str, Any]
    still_missing: tuple[Role, ...]
    needs_signature: bool
    uncommitted: tuple[str, ...]
    lines: Mapping[str, tuple[int, int]]

    def write(self, key: Path | None = None) -> Path:
        """Writes the approval, and the change where this is its first one.

        Args:
            key: the SSH key to sign it with; None signs nothing.

        Returns:
            The file of the approval.

        Raises:
            ApprovalRefused: the surface was touched since the draft was made, or the approval
                exists by now, or could not be signed; nothing is written.
            OSError: a file cannot be written.
        """
        if key is None and self.needs_signature:
            raise ApprovalRefused("the policy counts only signed approvals: give --sign KEY")
        if read_surface(self.root).digest != self.change["surface"]["digest"]:
            raise ApprovalRefused("the regulated surface has changed meanwhile: look at it again")
        text = text_of(self.approval)
        signature = None if key is None else sign(text, key)
        path = self.root / self.folder / f"{self.approval['role']}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / CHANGE).write_text(text_of(self.change), "utf-8", newline="\n")
        try:
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except FileExistsError:
            raise ApprovalRefused(f"{self.folder}/{path.name} was written meanwhile") from None
        if signature is not None:
            path.with_name(f"{path.name}.sig").write_text(signature, "utf-8", newline="\n")
        return path


def draft_approval(root: Path, role: Role, *, by: str, reason: str) -> Draft:
    """What an approval of the bytes in the working tree would be.

    Args:
        root: the checkout.
        role: as which role.
        by: who signs: a name, or `name <address>`.
        reason: why, in ten letters or more.

    Raises:
        ApprovalRefused: with what stands in the way: nothing changed, the role has signed, the
            same person signed for a role that is kept apart, a file that others would not have,
            a surface or a chain that contradicts itself.
        ConfigurationError: SOURCE_DATE_EPOCH is no time.
        OSError: a file cannot be read.
    """
    _require_words(by, reason)
    policy, surface, chain = read_policy(root), read_surface(root), read_chain(root)
    checkout = Checkout(root)
    require_consistent(root)
    checkout.require_shared(surface)
    change = _change(surface, chain, policy)
    changes = changes_between(chain.surface, surface)
    approved = chain.approved
    folder = f"{FOLDER}/{change['number']:04}-{surface.digest[:12]}"
    if approved is not None and not changes.paths:
        raise ApprovalRefused(f"nothing to approve: {approved.name} has these bytes, by every role")
    if chain.begun is not None:
        _require_to_go_on(chain.begun, change, surface, role)
        apart = policy.separated | (frozenset() if approved is None else approved.separated)
        _require_another(chain.begun, apart, role, by)
    approval = _approval(role, by, reason, policy.signs[role], change)
    require(root, change, "approved-change.schema.json", "the change")
    require(root, approval, "approval.schema.json", "the approval")
    signed = {role} if chain.begun is None else {role, *chain.begun.approvals}
    return Draft(
        root=root,
        folder=folder,
        follows=None if approved is None else approved.name,
        changes=changes,
        change=change,
        approval=approval,
        still_missing=tuple(other for other in Role if other not in signed),
        needs_signature=policy.needs_signature,
        uncommitted=checkout.uncommitted(),
        lines=checkout.line_counts(None if approved is None else approved.name),
    )


def _require_words(by: str, reason: str) -> None:
    if not _SIGNER.fullmatch(by):
        raise ApprovalRefused(f"who signs is a name, or 'name <address>', and not {by!r}")
    if len(reason.strip()) < _REASON_MIN:
        raise ApprovalRefused(
            f"a reason has {_REASON_MIN} letters or more: {reason!r} says too little"
        )
    if not (by + reason).isprintable():
        raise ApprovalRefused("name and reason are one line each, of characters that can be seen")


def _change(surface: Surface, chain: Chain, policy: Policy) -> dict[str, Any]:
    before = chain.approved
    return {
        "format": _CHANGE_FORMAT,
        "number": 1 if before is None else before.change["number"] + 1,
        "surface": {"digest": surface.digest, "files": len(surface.files)},
        "changes": changes_between(chain.surface, surface).as_dict(),
        "previous": None
        if before is None
        else {"folder": before.name, "files": dict(before.files)},
        "separated": sorted([*pair] for pair in policy.separated),
    }


def _approval(
    role: Role, by: str, reason: str, statements: tuple[str, ...], change: Mapping[str, Any]
) -> dict[str, Any]:
    signed = {
        "format": _APPROVAL_FORMAT,
        "role": str(role),
        "by": by,
        "reason": reason,
        "approved_at": timestamp_utc(),
        "statements": [*statements],
        "surface": change["surface"]["digest"],
        "change": hashlib.sha256(text_of(change).encode()).hexdigest(),
    }
    return signed | {"checksum": canonical_sha256(signed)}


def _require_to_go_on(begun: Step, change: Mapping[str, Any], surface: Surface, role: Role) -> None:
    if begun.change != change:
        moved = changes_between(begun.surface, surface).paths
        raise ApprovalRefused(
            f"{begun.name} is signed by {', '.join(begun.approvals)} only, and the bytes have moved"
            f" on ({', '.join(moved)}): restore them, or withdraw it"
            f" (git rm -rf {FOLDER}/{begun.name}) and approve anew"
        )
    if signed := begun.approvals.get(role):
        raise ApprovalRefused(
            f"{role} has signed {begun.name} already: {signed['by']}, {signed['approved_at']};"
            f" missing: {', '.join(begun.missing)}"
        )


def _require_another(
    begun: Step, separated: frozenset[tuple[str, str]], role: Role, by: str
) -> None:
    for one, other in sorted(separated):
        if role not in (one, other):
            continue
        theirs = begun.approvals.get(Role(one if other == role else other))
        if theirs is not None and same_person(theirs["by"], by):
            raise ApprovalRefused(
                f"{theirs['by']} signed as {theirs['role']}, which {role} is kept apart from:"
                " someone else must sign (evidence/change-control.toml says which roles are)"
            )
