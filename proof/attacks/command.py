"""`python -m proof attacks`: the privileges of every role, and attacks, on the reference and at
head.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import psycopg
import typer
from rich.progress import Progress

from proof.attacks.grounds import EVERYONE, OWN_SCHEMA, Grounds
from proof.attacks.listed import ATTACKS
from proof.attacks.matrix import judge
from proof.attacks.settings import SETTERS, wrong_setting
from proof.attacks.suite import TAKEN, identifiers, kept, outcomes_of, settings_read, wrong_listed
from proof.attacks.traps import KINDS
from proof.digest import Digest
from proof.ground import BASELINE, HEAD, Ground
from proof.report import Report, conclude

__all__ = ["attacks"]

CHECK_ID: Final = "attacks"
ATTACKS_MIN: Final = 200
REFERENCE_FAILS_MIN: Final = 10
_DENIED: Final = "42501"
_SHOWN_MAX: Final = 50


class _Run:
    """All attacks on one of the two."""

    def __init__(self, grounds: Grounds) -> None:
        self.grounds = grounds
        self.counts: Counter[str] = Counter()
        self.worked: set[str] = set()
        self.findings: list[str] = []

    def run(self, progress: Progress) -> None:
        task = progress.add_task(CHECK_ID, total=len(ATTACKS) + len(KINDS) * 2 + 3)
        digest = Digest(self.grounds.connection)
        held = digest.take()
        for name in sorted(ATTACKS):
            self._listed(name)
            progress.advance(task)
        for kind in KINDS:
            for schema in ("pg_temp", OWN_SCHEMA):
                self._look_alikes(kind, schema)
                progress.advance(task)
        for step in (self._settings, self._kept, self._cells):
            step()
            progress.advance(task)
        if digest.take() != held:
            self.findings.append("the state of the tables changed")

    def _listed(self, name: str) -> None:
        self.counts["attacks of the list"] += len(EVERYONE)
        if self.grounds.is_head:
            found = wrong_listed(self.grounds, name)
            self.findings += [found] if found else []
            return
        attack, outcomes = ATTACKS[name], outcomes_of(self.grounds, name)
        if {who for who, state in outcomes.items() if state == "ok"} - {*attack.may}:
            self.worked.add(name)

    def _look_alikes(self, kind: str, schema: str) -> None:
        planted, taken, found = identifiers(self.grounds, kind, schema)
        self.counts["look-alikes planted"] += planted
        self.counts["calls among look-alikes"] += len(found)
        self.worked |= {f"{kind} in {schema}: {name}" for name in taken}
        expected = self.grounds.either(reference=TAKEN.get((kind, schema), set()), head=set())
        if taken != expected:
            self.findings.append(f"look-alikes of {kind} in {schema} taken: {sorted(taken)}")
        if self.grounds.is_head and {*found.values()} != {"ok"}:
            self.findings.append(f"look-alikes of {kind} in {schema} stop work: {found}")

    def _settings(self) -> None:
        if not self.grounds.is_head:
            return
        for setting in sorted(settings_read(self.grounds)):
            for setter in SETTERS:
                self.counts["settings"] += 1
                found = wrong_setting(self.grounds, setting, setter)
                self.findings += [found] if found else []

    def _kept(self) -> None:
        for what, who, state in kept(self.grounds):
            self.counts["kept beyond reset role"] += 1
            if state == "ok":
                self.worked.add(f"{what} of {who} beyond reset role")
            if self.grounds.is_head and state != _DENIED:
                self.findings.append(f"a {what} of {who} beyond reset role: {state}")

    def _cells(self) -> None:
        logins: dict[str, tuple[str, ...]] = {f"symphony_{who}": (who,) for who in EVERYONE[1:]}
        logins |= {f"mallory_{who}": (who,) for who in EVERYONE[1:]}
        logins |= {"mallory_nobody": (), "mallory_all": EVERYONE[1:]}
        cells = judge(self.grounds.connection, logins)
        self.counts["cells"] += cells.count
        self.counts["cells that are open"] += cells.open
        self.counts["cells that should be otherwise"] += len(cells.wrong)
        if self.grounds.is_head:
            self.findings += cells.wrong[:_SHOWN_MAX]


def attacks(
    *,
    version: Annotated[int, typer.Option(help="Of PostgreSQL: 16 or 18.")] = 18,
    seed: Annotated[int, typer.Option(help="Of nothing: every attack is tried.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the artefact.", file_okay=False)
    ] = None,
) -> None:
    """Every privilege of every role, and attacks by each; the reference falls to some of them."""
    began = time.monotonic()
    with Ground(version) as ground, Progress(transient=True) as progress:
        with _run(ground, BASELINE, version) as reference:
            reference.run(progress)
        with _run(ground, HEAD, version) as head:
            server_version, fingerprint = Report.server_of(head.grounds.url)
            head.run(progress)
    tried = sum(n for name, n in head.counts.items() if "cells" not in name)
    conclude(
        Report(
            check_id=CHECK_ID,
            command=f"python -m proof attacks --version {version}",
            seed=seed,
            server_version=server_version,
            schema_fingerprint=fingerprint,
            counts={"attacks": tried, **head.counts},
            reference={
                "attacks that work": len(reference.worked),
                "cells that should be otherwise": reference.counts[
                    "cells that should be otherwise"
                ],
            },
            findings=[*head.findings, *(f"reference: {found}" for found in reference.findings)],
            required={
                "attacks": ATTACKS_MIN,
                "cells": 1,
                "attacks that work": REFERENCE_FAILS_MIN,
            },
            seconds=time.monotonic() - began,
            further={"reference_falls_to": sorted(reference.worked)},
        ),
        out,
    )


@contextmanager
def _run(ground: Ground, revision: str, version: int) -> Iterator[_Run]:
    with ground.database(revision) as url, psycopg.connect(url, autocommit=True) as connection:
        grounds = Grounds(connection, url, version, is_head=revision == HEAD)
        try:
            yield _Run(grounds)
        finally:
            grounds.close()
