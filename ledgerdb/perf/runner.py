"""One run of a profile, on a server of its own."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import psycopg
from sqlalchemy import URL

from ledgerdb import migrate
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import DatabaseError
from ledgerdb.perf.calibration import connected, yardstick_database
from ledgerdb.perf.figures import Figures, Round, figures
from ledgerdb.perf.processor import one_processor
from ledgerdb.perf.profile import Profile
from ledgerdb.perf.rounds import Progress, rounds
from ledgerdb.perf.throughput import Throughput, throughput
from ledgerdb.perf.workload import VERBS, items_of
from ledgerdb.url import database_url

__all__ = ["Run", "measure", "run"]

_DATABASE: Final[LiteralString] = "bench"
_LEFT: Final[LiteralString] = """
select
    (select count(*) from public.payment_outbox_pending) as pending,
    (select count(*) from public.payment_outbox_attempts) as attempts,
    (select count(*) from public.payment_outbox_identities) as identities,
    (select count(*) from public.ingress_attestations) as attestations
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of a profile.

    Attributes:
        profile: that was run.
        figures: of each verb.
        throughput: of several clients at once.
        workload_sha256: over every argument that was sent, but those of the several clients.
        clock: that the ratios are by; ratios of two clocks are not compared.
        left_behind: rows by table, after everything: the same for the same profile.
        postgresql: version of the server.
        machine: on which it ran; told, and compared by nobody.
        seconds: that it took, without the start of the server.
        rounds: every time that the figures are made of.
    """

    profile: Profile
    figures: Mapping[str, Figures]
    throughput: Throughput
    workload_sha256: str
    clock: str
    left_behind: Mapping[str, int]
    postgresql: str
    machine: Mapping[str, Any]
    seconds: float
    rounds: Mapping[str, Sequence[Round]]


def run(profile: Profile, progress: Progress = lambda _step, _done, _of: None) -> Run:
    """Runs a profile on an embedded server, which is gone at the end.

    Args:
        profile: what to do.
        progress: is told of each step, how much of it is done, and of how much.

    Raises:
        ConfigurationError: there is no embedded server.
        DatabaseUnavailable: it did not start, or was lost.
        LedgerError: a verb was refused, or did something else than it must.
    """
    progress("starting PostgreSQL", 0, 1)
    with (
        one_processor(),
        EmbeddedServer(version=profile.postgresql, settings=profile.settings) as server,
    ):
        with connected(database_url(server.url())) as owner:
            owner.execute(f"create database {_DATABASE}")
        progress("migrating", 0, 1)
        migrate.upgrade(server.url(_DATABASE))
        return measure(profile, server.url(_DATABASE), progress)


def measure(profile: Profile, url: str, progress: Progress = lambda _step, _done, _of: None) -> Run:
    """Runs a profile on an empty database at head, as a superuser of its server.

    Raises:
        DatabaseError: the server refused what is no verb.
        LedgerError: as `run`.
    """
    began, load = time.perf_counter(), os.getloadavg()[0]
    try:
        with yardstick_database(url) as beside:
            timed = rounds(profile, url, beside, progress)
            progress("clients", 0, 1)
            together = throughput(profile, url, beside)
        postgresql, left_behind = _seen(database_url(url))
    except psycopg.Error as error:
        raise DatabaseError(
            f"the bench was refused: {error.diag.message_primary or error}",
            sqlstate=error.sqlstate,
        ) from error
    return Run(
        profile=profile,
        figures={verb: figures(timed.verbs[verb], items_of(profile, verb)) for verb in VERBS},
        throughput=together,
        workload_sha256=timed.workload_sha256,
        clock=timed.clock,
        left_behind=left_behind,
        postgresql=postgresql,
        machine={
            "processors": os.cpu_count(),
            "architecture": platform.machine(),
            "python": platform.python_version(),
            "load_before": round(load, 2),
        },
        seconds=round(time.perf_counter() - began, 1),
        rounds=timed.verbs,
    )


def _seen(url: URL) -> tuple[str, dict[str, int]]:
    """The version of the server, and the rows of its tables."""
    with connected(url) as connection, connection.cursor() as cursor:
        row = cursor.execute(_LEFT).fetchone()
        assert row is not None  # noqa: S101 - of an aggregate
        assert cursor.description is not None  # noqa: S101 - of a select
        names = [column.name for column in cursor.description]
        version = connection.info.parameter_status("server_version") or ""
        return version.split()[0], dict(zip(names, row, strict=True))
