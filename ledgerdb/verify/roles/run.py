"""INV-010: runtime roles write through functions only; and nobody else gets at them otherwise."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import URL

from ledgerdb.verify.evidence import Evidence
from ledgerdb.verify.roles import attributes, grants, ownership, sideways
from ledgerdb.verify.roles.matrix import Matrix, load
from ledgerdb.verify.witness import Session, Witnessed, conclude

__all__ = ["ARTEFACT", "CHECK_ID", "verify_roles", "witness"]

CHECK_ID: Final = "role_matrix"
ARTEFACT: Final = "phase1/role_matrix.json"


def verify_roles(url: str | URL | None = None) -> Evidence:
    """Compares roles, grants, owners and definers of a database with the matrix; writes nothing.

    Any login that may connect will do: the catalog is everybody's to read.

    Args:
        url: the database; None takes LEDGERDB_URL, else DATABASE_URL.

    Raises:
        ConfigurationError: no database, or no commit to name in the evidence.
        DatabaseUnavailable: the database cannot be reached, or was lost.
        DatabaseError: the witness was refused.
    """
    return conclude(CHECK_ID, url, witness)


def witness(session: Session) -> Witnessed:
    """What somebody may in this database and must not, or may not and must."""
    matrix = load()
    findings = [
        *attributes.findings(session, matrix),
        *ownership.findings(session, matrix),
        *grants.findings(session, matrix),
        *sideways.findings(session, matrix),
    ]
    return Witnessed(
        findings,
        {
            "matrix": {role: _of(role, matrix) for role in matrix.roles},
            "owner": matrix.owner,
            "definers": sorted(matrix.definers),
            "information": attributes.information(session, matrix)
            | grants.information(session, matrix)
            | sideways.information(session, matrix),
        },
    )


def _of(role: str, matrix: Matrix) -> dict[str, Any]:
    return {
        "writes": [],
        "reads": sorted(name for name, roles in matrix.readers.items() if role in roles),
        "executes": sorted(name for name, roles in matrix.executors.items() if role in roles),
    }
