"""Change control, judged from outside: do three roles stand behind exactly these bytes?

Reads files only, and shares no code with `ledgerdb.approvals`, which writes the approvals.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ledgerdb.catalog import expected, fingerprint
from ledgerdb.errors import MigrationError
from ledgerdb.verify.conformance.chain import read_links
from ledgerdb.verify.conformance.facts import facts_of
from ledgerdb.verify.conformance.policy import read_rules
from ledgerdb.verify.conformance.roles import ROLES, judge
from ledgerdb.verify.conformance.tree import measure
from ledgerdb.verify.evidence import Evidence, Status, git_sha, timestamp_utc

__all__ = ["ARTEFACTS", "CHECK_IDS", "verify_conformance"]

CHECK_IDS: Final[Mapping[str, str]] = {role: f"agent_conformance_{role}" for role in ROLES}
ARTEFACTS: Final[Mapping[str, str]] = {
    role: f"phase1/{check_id}.json" for role, check_id in CHECK_IDS.items()
}
_NO_FINGERPRINT: Final = "0" * 64


def verify_conformance(root: Path) -> Mapping[str, Evidence]:
    """Judges the approvals of a checkout; role -> evidence.

    What concerns everybody (bytes that moved on, a broken chain) fails every role; a missing
    approval, or a fact of one role that does not hold, fails that role.

    Raises:
        ConfigurationError: no commit to name in the evidence, or SOURCE_DATE_EPOCH is no time.
        OSError: a file cannot be read.
    """
    made_at, commit = timestamp_utc(), git_sha()
    tree, rules, links = measure(root), read_rules(root), read_links(root)
    judged = judge(root, tree, rules, links)
    schema, unreadable = _schema(root)
    evidence = {}
    for role in ROLES:
        facts, faults = facts_of(root, role)
        findings = [*tree.findings, *links.findings, *unreadable, *judged.findings[role], *faults]
        evidence[role] = Evidence(
            check_id=CHECK_IDS[role],
            timestamp_utc=made_at,
            git_sha=commit,
            status=Status.FAIL if findings else Status.PASS,
            schema_fingerprint=schema,
            details={
                "role": role,
                "surface": {"digest": tree.digest, "files": len(tree.files)},
                "chain": [link.name for link in links.links],
                "approval": judged.approvals.get(role),
                "facts": facts,
                "findings": findings,
            },
        )
    return evidence


def _schema(root: Path) -> tuple[str, list[str]]:
    """The fingerprint of the schema that these migrations make; else why there is none."""
    try:
        return fingerprint(expected.at(root / "migrations").catalog), []
    except (ValueError, AttributeError, TypeError, MigrationError) as error:
        return _NO_FINGERPRINT, [f"migrations/catalog cannot be read: {error}"]
