"""A run of the demo from the start of the server to the result."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

from ledgerdb import migrate
from ledgerdb.demo.instructions import read_lines
from ledgerdb.demo.options import DemoOptions, Observer
from ledgerdb.demo.play import RAIL_FILE, Play
from ledgerdb.demo.rail import Rail
from ledgerdb.demo.results import DemoResult
from ledgerdb.demo.summary import summarize
from ledgerdb.demo.witness import Witness
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import ConfigurationError, DatabaseUnavailable
from ledgerdb.url import database_url

__all__ = ["run_demo"]

_DATABASE: Final = "ledger"


def run_demo(options: DemoOptions, observer: Observer) -> DemoResult:
    """Runs the main job and checks what it left behind.

    Raises:
        ConfigurationError: the input cannot be read, or the database holds instructions already.
        LedgerError: the database cannot be used.
        KeyboardInterrupt: stopped by the user; the processes have ended.
    """
    try:
        return _run(options, observer)
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise DatabaseUnavailable(f"the witness lost the database: {reason}") from error


def _run(options: DemoOptions, observer: Observer) -> DemoResult:
    lines = read_lines(options.instructions)
    with ExitStack() as stack:
        observer.phase("starting PostgreSQL" if options.url is None else "connecting")
        url, folder = stack.enter_context(_database(options))
        observer.phase("migrating")
        revision = migrate.upgrade(url, report=_Quiet())
        libpq_url = database_url(url).set(drivername="postgresql")
        witness = Witness(libpq_url.render_as_string(hide_password=False))
        stack.callback(witness.close)
        if not witness.is_empty():
            raise ConfigurationError(
                "the database holds instructions already: the demo would send them to a simulated"
                " rail; give it an empty database"
            )
        observer.phase("ingesting and dispatching")
        rail = stack.enter_context(
            Rail(folder / RAIL_FILE, options.seed, options.fail_rate)  # makes the books
        )
        play = Play(options, observer, url, folder, witness)
        started_at = datetime.now(UTC)
        intake = play.run(lines)
        observer.phase("checking the invariants")
        checks = witness.checks(intake.acknowledged.values(), rail.books())
        if in_doubt := witness.in_doubt():
            play.tell(f"{in_doubt} payments in doubt: booked by the rail, given up at the ceiling")
        return DemoResult(
            started_at=started_at,
            revision=revision or "base",
            instructions_file=options.instructions.name,
            seed=options.seed,
            fail_rate=options.fail_rate,
            seconds=play.timeline[-1].at_seconds,
            timeline=tuple(play.timeline),
            events=tuple(play.events),
            checks=(*intake.checks(), *checks),
            lines=intake.lines,
            acknowledged=len(intake.acknowledged),
            replayed=intake.replayed,
            refused=tuple(intake.refused),
            rail_requests=rail.books().requests,
            rail_payments=rail.books().payments,
            **summarize(witness, killed=play.killed, tenants=intake.tenants),
        )


@contextmanager
def _database(options: DemoOptions) -> Iterator[tuple[str, Path]]:
    with tempfile.TemporaryDirectory(prefix="ledgerdb-demo-") as temporary:
        if options.url is not None:
            yield options.url, Path(temporary)
            return
        with EmbeddedServer(options.data_dir) as server:
            with psycopg.connect(server.url(), autocommit=True) as connection:
                connection.execute(f"create database {_DATABASE}")
            yield server.url(_DATABASE), options.data_dir or Path(temporary)


class _Quiet(migrate.LogReport):
    """The demo shows phases of its own."""

    def started(self, step: migrate.StepInfo) -> None: ...
    def verified(self, revision: str | None) -> None: ...
