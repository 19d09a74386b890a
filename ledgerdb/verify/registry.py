"""Every verifier with the artefacts that it writes: what `verify all` runs, in this order, and
what a row of the contract may name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from sqlalchemy import URL

from ledgerdb.verify import (
    batching,
    clients_evidence,
    conformance,
    floors,
    indexes,
    ledger_evidence,
    migrations,
    packs,
    perf,
    retry_semantics,
    roles,
    store_policy,
    timeouts,
)
from ledgerdb.verify.evidence import Evidence, checkout

__all__ = ["CONTRACT", "VERIFIERS", "Found", "Grounds", "Verifier"]

# path below evidence/ -> what was found
Found: TypeAlias = Mapping[str, Evidence]

# The verifier of all others; its artefacts cannot be among those that it judges.
CONTRACT: Final = ("phase1/phase1_contract_status.json", "phase1/phase1_closeout.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What there is to look at.

    Attributes:
        url: the database that is looked at, and never written.
        scratch: a server on which databases may be made and tormented; None starts an embedded one.
        in_use: `url` is of a database that somebody uses, and not of an empty one made for this.
        quick: smaller sizes.
        progress: is told of each step.
    """

    url: URL
    scratch: str | None
    in_use: bool
    quick: bool
    progress: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """One verifier.

    Attributes:
        artefacts: that it writes, below evidence/.
        run: makes them.
        in_use_only: of an empty database it would say nothing.
        checkout_only: it is about files that an installed package has not.
    """

    artefacts: tuple[str, ...]
    run: Callable[[Grounds], Found]
    in_use_only: bool = False
    checkout_only: bool = False


def _one(path: str, verify: Callable[[Grounds], Evidence]) -> Verifier:
    return Verifier(artefacts=(path,), run=lambda grounds: {path: verify(grounds)})


def _conformance(_grounds: Grounds) -> Found:
    root = checkout()
    judged = {} if root is None else conformance.verify_conformance(root)
    return {conformance.ARTEFACTS[role]: evidence for role, evidence in judged.items()}


def _perf(grounds: Grounds) -> Found:
    return {
        perf.SMOKE: perf.verify_smoke(quick=grounds.quick, progress=grounds.progress),
        perf.DRIVERS: perf.verify_drivers(quick=grounds.quick, progress=grounds.progress),
    }


# `ledgerdb verify NAME` -> what it is
VERIFIERS: Final[Mapping[str, Verifier]] = {
    "floors": _one(floors.ARTEFACT, lambda _: floors.verify_floors()),
    "timeouts": _one(timeouts.ARTEFACT, lambda on: timeouts.verify_timeouts(on.url)),
    "indexes": _one(indexes.ARTEFACT, lambda on: indexes.verify_indexes(on.url)),
    "roles": _one(roles.ARTEFACT, lambda on: roles.verify_roles(on.url)),
    "migrations": _one(
        migrations.ARTEFACT,
        lambda on: migrations.verify_migrations(on.url, progress=on.progress),
    ),
    "clients": _one(
        clients_evidence.ARTEFACT,
        lambda on: clients_evidence.verify_clients(
            on.url, execute=not on.in_use, progress=on.progress
        ),
    ),
    "ledger": replace(
        _one(
            ledger_evidence.ARTEFACT,
            lambda on: ledger_evidence.verify_ledger(on.url, progress=on.progress),
        ),
        in_use_only=True,
    ),
    "store-policy": _one(
        store_policy.ARTEFACT, lambda on: store_policy.verify_store_policy(progress=on.progress)
    ),
    "conformance": Verifier(
        artefacts=(*conformance.ARTEFACTS.values(),), run=_conformance, checkout_only=True
    ),
    "packs": _one(
        packs.ARTEFACT,
        lambda on: packs.verify_packs(on.scratch, quick=on.quick, progress=on.progress),
    ),
    "retry-semantics": _one(
        retry_semantics.ARTEFACT,
        lambda on: retry_semantics.verify_retry_semantics(
            on.scratch, quick=on.quick, progress=on.progress
        ),
    ),
    "batching": _one(
        batching.ARTEFACT,
        lambda on: batching.verify_batching(on.scratch, quick=on.quick, progress=on.progress),
    ),
    "perf": Verifier(artefacts=perf.ARTEFACTS, run=_perf, checkout_only=True),
}
