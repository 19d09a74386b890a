"""The repository's own regulated surface is approved, byte for byte.

The one test about the approvals that are committed here. It fails from a change to migrations/,
sqlfunctions/ or the contract until `ledgerdb approve` was run for each role.
"""

from __future__ import annotations

from ledgerdb.verify.conformance import verify_conformance
from tests.commands import ROOT


def test_the_repositorys_own_surface_is_approved() -> None:
    found = {
        finding
        for evidence in verify_conformance(ROOT).values()
        for finding in evidence.details["findings"]
    }
    assert found == set(), "ledgerdb approve ROLE, for each role (docs/change-control.md)"
