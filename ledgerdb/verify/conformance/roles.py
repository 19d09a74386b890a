"""The approvals of each role: there, unedited, about these bytes, and by different people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import rfc8785

from ledgerdb.verify.conformance.chain import Link, Links
from ledgerdb.verify.conformance.documents import record
from ledgerdb.verify.conformance.policy import Rules, share_a_name
from ledgerdb.verify.conformance.signature import wrong_signature
from ledgerdb.verify.conformance.tree import Tree, differences, sha256_of

__all__ = ["ROLES", "Judgement", "judge"]

ROLES: Final = ("architect", "implementer", "policy_guardian")
_KNOWN: Final = re.compile(rf"change\.json|({'|'.join(ROLES)})\.json(\.sig)?")


@dataclass(frozen=True, slots=True)
class Judgement:
    """Role -> what is wrong with its approvals, and the newest of them."""

    findings: Mapping[str, list[str]]
    approvals: Mapping[str, Mapping[str, Any]]


def judge(root: Path, tree: Tree, rules: Rules, links: Links) -> Judgement:
    """Looks at every approval of the chain, and at the newest against the bytes that are there."""
    findings: dict[str, list[str]] = {role: [*rules.findings] for role in ROLES}
    approvals: dict[str, dict[str, Any]] = {}
    before: set[tuple[str, str]] = set()
    for link in links.links:
        approvals = _approvals(root, link, findings)
        apart = {(one, other) for one, other in link.change["separated"]}
        for one, other in combinations(ROLES, 2):
            if (
                (one, other) in apart | before
                and {one, other} <= approvals.keys()
                and share_a_name(approvals[one]["by"], approvals[other]["by"])
            ):
                same = f"{link.name}: {one} and {other} were signed by one person"
                findings[one].append(f"{same}, {approvals[one]['by']}")
                findings[other].append(f"{same}, {approvals[other]['by']}")
        before = apart
    if links.links:
        moved = [*differences(links.links[-1].surface, tree)]
        for role in ROLES:
            findings[role] += moved
    if links.links and rules.content is not None:
        _against_the_rules(root, links.links[-1], rules.content, approvals, findings)
    return Judgement(findings, approvals)


def _approvals(
    root: Path, link: Link, findings: Mapping[str, list[str]]
) -> dict[str, dict[str, Any]]:
    """The approvals of a folder that are what they were; everything else is a finding."""
    sound: dict[str, dict[str, Any]] = {}
    unknown = sorted(file for file in link.files if not _KNOWN.fullmatch(file))
    for role in ROLES:
        findings[role].extend(f"{link.name}/{file!r} is no approval" for file in unknown)
        if f"{role}.json" not in link.files:
            findings[role].append(f"{link.name}: {role} has not approved")
            continue
        approval, wrong = record(root, link.path / f"{role}.json", "approval.schema.json")
        if approval is not None and not wrong:
            wrong = [f"{link.name}/{role}.json {what}" for what in _edits(approval, link, role)]
        findings[role].extend(wrong)
        if approval is not None and not wrong:
            sound[role] = approval
    return sound


def _edits(approval: Mapping[str, Any], link: Link, role: str) -> list[str]:
    rest = {name: value for name, value in approval.items() if name != "checksum"}
    found = []
    if approval["checksum"] != sha256_of(rfc8785.dumps(rest)):
        found.append("was edited: its checksum is another")
    if approval["role"] != role:
        found.append(f"is of the role {approval['role']}")
    if not (approval["by"] + approval["reason"]).isprintable():
        found.append("has characters that cannot be seen")
    if (approval["change"], approval["surface"]) != (
        link.files["change.json"],
        link.change["surface"]["digest"],
    ):
        found.append("approves another change than the one beside it")
    return found


def _against_the_rules(
    root: Path,
    link: Link,
    content: Mapping[str, Any],
    approvals: Mapping[str, Mapping[str, Any]],
    findings: Mapping[str, list[str]],
) -> None:
    """The newest approvals against the policy that was approved with them."""
    if link.change["separated"] != sorted(content["separation"]["separated"]):
        for role in ROLES:
            findings[role].append(f"{link.name}: keeps other roles apart than the policy")
    for role, approval in approvals.items():
        if approval["statements"] != content["roles"][role]["signs"]:
            findings[role].append(
                f"{link.name}: {role} signed other statements than the policy has"
            )
        signed = f"{role}.json.sig" in link.files
        if not signed and content["signatures"]["required"]:
            findings[role].append(f"{link.name}: {role} approved without a signature")
        elif signed and (
            wrong := wrong_signature(root, link.path / f"{role}.json", approval["by"])
        ):
            findings[role].append(f"{link.name}: the signature of {role} does not hold: {wrong}")
