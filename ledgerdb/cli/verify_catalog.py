"""`ledgerdb verify timeouts|indexes|roles|floors`: what a catalog, or the code, says."""

from __future__ import annotations

from collections.abc import Callable

from ledgerdb.cli.options import Url
from ledgerdb.cli.verify import Json, Out, checking, conclude, folder_of
from ledgerdb.verify import floors, indexes, roles, timeouts
from ledgerdb.verify.evidence import Evidence

__all__ = ["floors_command", "indexes_command", "roles_command", "timeouts_command"]


def timeouts_command(*, url: Url = None, out: Out = None, as_json: Json = False) -> None:
    """Check that sessions of runtime roles start with bounded timeouts (INV-117)."""
    _verify("timeouts", timeouts.verify_timeouts, timeouts.ARTEFACT, url, out, as_json=as_json)


def indexes_command(*, url: Url = None, out: Out = None, as_json: Json = False) -> None:
    """Check that the hot-path indexes exist, are valid, and are what their names say (INV-118)."""
    _verify("indexes", indexes.verify_indexes, indexes.ARTEFACT, url, out, as_json=as_json)


def roles_command(*, url: Url = None, out: Out = None, as_json: Json = False) -> None:
    """Check who may do what: runtime roles write through functions only (INV-010)."""
    _verify("roles", roles.verify_roles, roles.ARTEFACT, url, out, as_json=as_json)


def floors_command(*, out: Out = None, as_json: Json = False) -> None:
    """Check that imports go down only, and that no hot path starts a process (ADR 0001)."""
    _verify("floors", lambda _: floors.verify_floors(), floors.ARTEFACT, None, out, as_json=as_json)


def _verify(
    title: str,
    verifier: Callable[[str | None], Evidence],
    artefact: str,
    url: str | None,
    out: Out,
    *,
    as_json: bool,
) -> None:
    with checking(title):
        folder = folder_of(out)
        found = verifier(url)
        found.write(folder / artefact)
    conclude(found, folder / artefact, as_json=as_json)
