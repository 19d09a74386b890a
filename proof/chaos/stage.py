"""One run: a database under load, faults, an orderly end, and the judgement."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ledgerdb import Ledger, TenantType
from ledgerdb.migrate import upgrade
from ledgerdb.verify.ledger import check_ledger
from proof.chaos import auditor
from proof.chaos.actors import Crew, Job
from proof.chaos.checker import Verdict, judge
from proof.chaos.cluster import Cluster
from proof.chaos.history import Event, Journal, read_histories
from proof.chaos.ingress import TENANT
from proof.chaos.nemeses import Site, strike
from proof.chaos.rules import RULES
from proof.chaos.state import digests, read_state
from proof.ground import replace_functions, replacements
from proof.published import published_codes

__all__ = ["HEAD_ROLES", "OLDER_ROLES", "Outcome", "Stage", "staged"]

HEAD_ROLES: Final = (
    "ingress.blocking", "ingress.awaited", "older.ingress",
    "workers.blocking", "workers.awaited", "workers.library",
)  # fmt: skip
OLDER_ROLES: Final = ("older.ingress", "older.ingress", "older.worker", "older.worker")
# Those whose wire is cut.
_IN_FRONT: Final = ("ingress.blocking", "older.ingress", "workers.blocking")
PAUSE_SECONDS: Final = 0.25
WARM_SECONDS: Final = 1.0


@dataclass(slots=True)
class Outcome:
    """What came of a run.

    Attributes:
        faults: by kind.
        counts: of what the load did.
        verdict: of the checker.
        findings: of `ledgerdb verify ledger`, in words.
        recovery: seconds from a fault until somebody who asked afterwards was answered, by kind.
        awaits: the last await at which each async verb was cancelled; all before it were, too.
        drain_seconds: from the last fault until every item had ended.
    """

    faults: Counter[str]
    counts: Counter[str]
    verdict: Verdict
    findings: list[str] = field(default_factory=list)
    recovery: dict[str, list[float]] = field(default_factory=dict)
    awaits: dict[str, int] = field(default_factory=dict)
    drain_seconds: float = 0.0


class Stage:
    """A database and its load. Faults are drawn from the seed."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site = site
        self.folder = folder
        self._seen: set[str] = set()

    def strike(self, kinds: Mapping[str, int], faults: int, done: Callable[[], object]) -> None:
        """So many faults, of kinds by their weights; each kind is tried once before."""
        order = list(kinds)
        self.site.dice.shuffle(order)
        happened, tried = 0, 0
        while happened < faults and tried < 2 * faults + len(order):
            kind = (
                order[tried]
                if tried < len(order)
                else self.site.dice.choices(list(kinds), list(kinds.values()))[0]
            )
            tried += 1
            if strike(self.site, kind):
                happened += 1
                done()
            time.sleep(self.site.dice.uniform(0, 2 * PAUSE_SECONDS))
            if happened % 10 == 0:
                self.look()

    def look(self) -> None:
        """Remembers the attempts that are there; where there is a standby, those that it has."""
        cluster = self.site.cluster
        with cluster.connect(cluster.standby, self.site.database) as connection:
            known = digests(connection)
        fresh = {attempt: known[attempt] for attempt in known.keys() - self._seen}
        self._seen |= fresh.keys()
        self.site.journal.log("seen", attempts=fresh)

    def finish(self, *, drain: bool = True) -> Outcome:
        """Ends the load in order and judges."""
        site = self.site
        site.settle()
        started = time.monotonic()
        site.crew.stop("ingress")
        site.crew.stop("older.ingress")
        auditor.ask_again(site, self.folder)
        if drain:
            auditor.drain(site, self.folder)
        drained = time.monotonic() - started
        site.crew.stop()
        auditor.complete_again(site, self.folder)
        with site.admin() as admin:
            state = read_state(admin)
            findings = [str(finding) for finding in check_ledger(admin).findings] if drain else []
        events = read_histories(self.folder)
        # Who does not wait for the end cannot tell whether it would have come.
        judged = [name for name in RULES if drain or name != "L1"]
        verdict = judge(events, state, published_codes(), only=judged)
        return Outcome(
            faults=Counter(event["kind"] for event in events if event.what == "fault"),
            counts=_counts(events),
            verdict=verdict,
            findings=findings,
            recovery=_recovery(events),
            awaits=_awaits(events),
            drain_seconds=drained,
        )


@contextmanager
def staged(
    cluster: Cluster,
    name: str,
    roles: Sequence[str],
    *,
    seed: int,
    revision: str = "head",
    disk: Path | None = None,
    conflicts: bool = True,
) -> Iterator[Stage]:
    """A migrated database on the cluster, with a load that runs."""
    with cluster.connect() as admin:
        admin.execute(f"create database {name}".encode())
    local = cluster.primary.url(name)
    upgrade(local, revision)
    if revision == "head":
        replace_functions(local, replacements())
        with Ledger.connect(local) as ledger:
            ledger.register_tenant(TENANT, "chaos", "Chaos", TenantType.COMMERCIAL)
    folder = Path(tempfile.mkdtemp(prefix=f"chaos-{name}-"))
    jobs = [
        Job(
            role=role,
            name=f"{role}-{number}",
            url=cluster.front_url(name) if role in _IN_FRONT else cluster.url(name),
            folder=folder,
            seed=seed * 1_000 + number,
            conflicts=conflicts,
        )
        for number, role in enumerate(roles)
    ]
    crew = Crew(jobs)
    journal = Journal(folder, "director")
    site = Site(cluster, crew, name, journal, random.Random(seed), disk)
    crew.start()
    try:
        with crew.kept_alive():
            time.sleep(WARM_SECONDS)
            yield Stage(site, folder)
    finally:
        site.settle()
        crew.stop()
        shutil.rmtree(folder)


def _counts(events: Sequence[Event]) -> Counter[str]:
    """What the load did."""
    counts = Counter({"events": len(events)})
    named = {
        "asked": "questions", "claimed": "leases", "sent": "requests to the rail",
        "completed": "completions answered", "unknown": "unknown outcomes",
        "refused": "refusals", "cancelled": "cancelled awaits", "crashed": "actors that gave up",
    }  # fmt: skip
    for event in events:
        if event.what in named:
            counts[named[event.what]] += 1
    counts["payments acknowledged"] = len(
        {event["key"] for event in events if event.what == "acknowledged"}
    )
    booked = Counter(
        event["rail_key"] for event in events if event.what == "sent" and event["booked"]
    )
    counts["paid once by the rail key"] = sum(times > 1 for times in booked.values())
    unknown = {event["key"] for event in events if event.what == "unknown" and "key" in event.of}
    for event in events:
        if event.what == "acknowledged" and event["key"] in unknown:
            unknown.remove(event["key"])
            known = {True: "unknown, had been written", False: "unknown, had not been written"}
            if event["replayed"] is not None:
                counts[known[event["replayed"]]] += 1
    return counts


def _awaits(events: Sequence[Event]) -> dict[str, int]:
    awaits: dict[str, int] = {}
    for event in events:
        if event.what == "cancelled":
            awaits[event["verb"]] = max(awaits.get(event["verb"], 0), event["at_await"])
    return awaits


def _recovery(events: Sequence[Event]) -> dict[str, list[float]]:
    """The answers came in the order of time; each fault takes the first one that fits."""
    answers = [event for event in events if event.what in ("acknowledged", "completed")]
    recovery: dict[str, list[float]] = defaultdict(list)
    for fault in (event for event in events if event.what == "fault"):
        for answer in answers:
            if answer["since"] > fault["began"]:
                recovery[fault["kind"]].append(answer.at - fault["began"])
                break
    return dict(recovery)
