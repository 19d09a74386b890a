"""The rounds of a run: every verb in turn, each call right behind a call of the yardstick."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import psycopg
from sqlalchemy import URL, text

from ledgerdb import EngineSettings, Ledger
from ledgerdb.perf.calibration import Yardstick, connected
from ledgerdb.perf.clock import ELAPSED, NET, Clock
from ledgerdb.perf.figures import Round
from ledgerdb.perf.profile import Profile
from ledgerdb.perf.workload import VERBS, Workload, items_of, payload_of
from ledgerdb.url import database_url

__all__ = ["Progress", "Rounds", "rounds"]

Progress = Callable[[str, int, int], None]

# A session that has touched no relation since its last flush does not flush.
_FLUSH: Final = text("select pg_stat_force_next_flush() from pg_class limit 1")
_ACTIVE_MS: Final[LiteralString] = """
select d.active_time from pg_stat_database as d where d.datname = %s
"""


@dataclass(frozen=True, slots=True)
class Rounds:
    """What was timed.

    Attributes:
        verbs: verb -> its rounds, without the warm ones.
        workload_sha256: over all arguments that were sent.
        clock: its kind.
    """

    verbs: Mapping[str, Sequence[Round]]
    workload_sha256: str
    clock: str


def rounds(profile: Profile, url: str, beside: URL, progress: Progress) -> Rounds:
    """Times every verb as often as the profile says.

    Args:
        profile: how often, and what.
        url: an empty database at head.
        beside: the yardstick's.
        progress: is told of each round.

    Raises:
        LedgerError: a verb was refused, or did something else than it must.
        psycopg.Error: the yardstick was refused.
    """
    verbs: dict[str, list[Round]] = {verb: [] for verb in VERBS}
    one_session = EngineSettings(application_name="bench", pool_size=1, max_overflow=0)
    total = profile.warm_rounds + profile.rounds
    database = str(database_url(url).database)
    with (
        Ledger.connect(url, one_session) as ledger,
        Yardstick(beside, payload_of(profile), profile.batch_items) as yardstick,
        connected(beside) as observer,
        Clock(_session_of(ledger), database) as ours,
        Clock(yardstick.pid, str(beside.database)) as theirs,
    ):
        workload = Workload(ledger, profile)
        for number in range(total):
            progress("rounds", number, total)
            for verb in VERBS:
                bare = yardstick.one if items_of(profile, verb) == 1 else yardstick.many
                calls = (workload.prepare[verb]() for _ in range(profile.calls[verb]))
                worked = _active_seconds(ledger, observer, database)
                with _no_garbage_collection():
                    times = [(theirs.seconds(bare), ours.seconds(call)) for call in calls]
                worked = _active_seconds(ledger, observer, database) - worked
                if number >= profile.warm_rounds:
                    verbs[verb].append(_round(times, worked))
        kind = NET if ours.kind == theirs.kind == NET else ELAPSED
        return Rounds(verbs, workload.sha256, kind)


def _round(
    times: Sequence[tuple[tuple[float, float], tuple[float, float]]], worked: float
) -> Round:
    return Round(
        elapsed=[ours[0] for _, ours in times],
        net=[ours[1] for _, ours in times],
        yardstick_elapsed=[theirs[0] for theirs, _ in times],
        yardstick_net=[theirs[1] for theirs, _ in times],
        database=worked,
    )


def _session_of(ledger: Ledger) -> int:
    """The server's process of its only session."""
    with ledger.engine.connect() as connection:
        return int(connection.execute(text("select pg_backend_pid()")).scalar_one())


def _active_seconds(
    ledger: Ledger, observer: psycopg.Connection[tuple[Any, ...]], database: str
) -> float:
    """How long the server has worked for a database, by its own clock. A session tells when it is
    asked to, and else now and then; the asking itself counts as well, once for each round.
    """
    with ledger.engine.connect() as connection:
        connection.execute(_FLUSH)
    row = observer.execute(_ACTIVE_MS, [database]).fetchone()
    return 0.0 if row is None else float(row[0]) / 1_000


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """It would meet the one call or the other."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
