"""The demo's plot: a database, an ingress, workers, a rail; one worker is killed; then the truth.

Everything is real but the rail: PostgreSQL, commits, processes, SIGKILL.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final, Protocol

import psycopg

from ledgerdb import migrate
from ledgerdb.demo import dispatcher
from ledgerdb.demo.dispatcher import DispatcherJob
from ledgerdb.demo.instructions import Line, read_lines
from ledgerdb.demo.intake import CLIENTS, Intake
from ledgerdb.demo.rail import Rail
from ledgerdb.demo.results import DemoResult, Event, Moment
from ledgerdb.demo.summary import summarize
from ledgerdb.demo.witness import Witness
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.engine import EngineSettings
from ledgerdb.errors import ConfigurationError, LedgerError
from ledgerdb.sync import Ledger
from ledgerdb.url import database_url

__all__ = ["DemoOptions", "Observer", "run_demo"]

SAMPLE: Final = Path(__file__).with_name("instructions.ndjson")
WORKERS_MAX: Final = 32
LEASE_SECONDS: Final = 4
# When the first worker is killed: at this share of the acknowledged instructions.
KILL_AT: Final = 0.3
_READING_SECONDS: Final = 0.2
_KILL_SECONDS_MAX: Final = 5.0
_STOP_SECONDS_MAX: Final = 30.0
_STALL_SECONDS_MAX: Final = 60.0
DATABASE: Final = "ledger"
RAIL_FILE: Final = "rail.sqlite"
LOG_FILE: Final = "workers.log"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What to run.

    Attributes:
        instructions: NDJSON file; default: the shipped sample.
        workers: worker processes, 1 to 32.
        fail_rate: probability that an attempt at the rail does not succeed, 0 to 1.
        seed: decides which attempts do not.
        url: an empty database to use; None starts an embedded PostgreSQL 18.
        data_dir: where the embedded server keeps its data; None: a temporary folder.

    Raises:
        ConfigurationError: a value is out of its bounds.
    """

    instructions: Path = SAMPLE
    workers: int = 3
    fail_rate: float = 0.15
    seed: int = 1
    url: str | None = None
    data_dir: Path | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.workers <= WORKERS_MAX:
            raise ConfigurationError(f"workers: must be 1 to {WORKERS_MAX}, not {self.workers}")
        if not 0 <= self.fail_rate <= 1:
            raise ConfigurationError(f"fail rate: must be 0 to 1, not {self.fail_rate}")


class Observer(Protocol):
    """Hears of a run as it goes; must not raise."""

    def phase(self, text: str) -> None:
        """A new part of the plot begins."""

    def reading(self, moment: Moment, *, intake_done: bool) -> None:
        """How far it is; `acknowledged` is final once `intake_done`."""

    def happened(self, event: Event) -> None:
        """A kill, a repair."""


def run_demo(options: DemoOptions, observer: Observer) -> DemoResult:
    """Runs the main job and checks what it left behind.

    Raises:
        ConfigurationError: the input cannot be read, or the database holds instructions already.
        LedgerError: the database cannot be used.
        KeyboardInterrupt: stopped by the user; the processes have ended.
    """
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
        run = _Run(options, observer, url, folder, witness)
        started_at = datetime.now(UTC)
        intake = run.play(lines)
        observer.phase("checking the invariants")
        checks = witness.checks(intake.acknowledged.values(), rail.books())
        if in_doubt := witness.in_doubt():
            run.tell(f"{in_doubt} payments in doubt: booked by the rail, given up at the ceiling")
        return DemoResult(
            started_at=started_at,
            revision=revision or "base",
            instructions_file=options.instructions.name,
            seed=options.seed,
            fail_rate=options.fail_rate,
            seconds=run.timeline[-1].at_seconds,
            timeline=tuple(run.timeline),
            events=tuple(run.events),
            checks=(*intake.checks(), *checks),
            lines=intake.lines,
            acknowledged=len(intake.acknowledged),
            replayed=intake.replayed,
            refused=tuple(intake.refused),
            rail_requests=rail.books().requests,
            rail_payments=rail.books().payments,
            **summarize(witness, killed=run.killed, tenants=intake.tenants),
        )


@contextmanager
def _database(options: DemoOptions) -> Iterator[tuple[str, Path]]:
    with tempfile.TemporaryDirectory(prefix="ledgerdb-demo-") as temporary:
        if options.url is not None:
            yield options.url, Path(temporary)
            return
        with EmbeddedServer(options.data_dir) as server:
            with psycopg.connect(server.url(), autocommit=True) as connection:
                connection.execute(f"create database {DATABASE}")
            yield server.url(DATABASE), options.data_dir or Path(temporary)


class _Quiet(migrate.LogReport):
    """The demo shows phases of its own."""

    def started(self, step: migrate.StepInfo) -> None: ...
    def verified(self, revision: str | None) -> None: ...


@dataclass(slots=True)
class _Run:
    options: DemoOptions
    observer: Observer
    url: str
    folder: Path
    witness: Witness
    timeline: list[Moment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    killed: str | None = None
    _began: float = field(default_factory=time.monotonic)

    def play(self, lines: Iterable[Line]) -> Intake:
        """Ingests and dispatches at the same time, until nothing is left to do."""
        with ExitStack() as stack:
            intake = stack.enter_context(self._intake())
            failure: list[BaseException] = []
            thread = threading.Thread(target=_guarded, args=(intake.run, lines, failure))
            thread.start()
            stack.callback(thread.join)
            stack.callback(intake.stop)
            processes = [
                dispatcher.start(self._job(f"worker-{number}"))
                for number in range(1, self.options.workers + 1)
            ]
            stack.callback(_end, processes)
            self._watch(intake, thread, processes, failure)
        if failure:
            raise failure[0]
        return intake

    @contextmanager
    def _intake(self) -> Iterator[Intake]:
        ingress = EngineSettings(
            application_name="ledgerdb-demo-ingress",
            role=self._role("symphony_ingest"),
            pool_size=CLIENTS,
        )
        registrar = EngineSettings(
            application_name="ledgerdb-demo-registrar", role=self._role("symphony_control")
        )
        with (
            Ledger.connect(self.url, ingress) as ledger,
            Ledger.connect(self.url, registrar) as registrar_ledger,
        ):
            yield Intake(ledger, registrar_ledger)

    def _role(self, role: str) -> str | None:
        """Each part acts under the role of its service, where this login may."""
        return role if self.witness.may_be(role) else None

    def _job(self, worker_id: str) -> DispatcherJob:
        return DispatcherJob(
            worker_id=worker_id,
            url=self.url,
            role=self._role("symphony_executor"),
            rail_path=self.folder / RAIL_FILE,
            log_path=self.folder / LOG_FILE,
            seed=self.options.seed,
            fail_rate=self.options.fail_rate,
            lease_seconds=LEASE_SECONDS,
        )

    def _watch(
        self,
        intake: Intake,
        thread: threading.Thread,
        processes: list[BaseProcess],
        failure: list[BaseException],
    ) -> None:
        closed = 0
        moved_at = time.monotonic()
        while not failure:
            done = not thread.is_alive()
            acknowledged = len(intake.acknowledged)
            moment = Moment(self._seconds(), acknowledged, self.witness.finished())
            if not self.timeline or moment.finished > self.timeline[-1].finished or not done:
                moved_at = time.monotonic()
            self.timeline.append(moment)
            self.observer.reading(moment, intake_done=done)
            if done and moment.finished >= acknowledged:
                return
            if time.monotonic() - moved_at > _STALL_SECONDS_MAX:
                raise LedgerError(
                    f"nothing was finished for {_STALL_SECONDS_MAX:.0f} s; the workers' last words:"
                    f" {self._last_words()}"
                )
            if self.killed is None and moment.finished >= max(KILL_AT * acknowledged, 1):
                self._kill(processes)
            now_closed = self.witness.closed_leases()
            if now_closed > closed:
                self.tell(f"{now_closed - closed} leases ran out and were closed")
                closed = now_closed
            _supervise(processes)
            time.sleep(_READING_SECONDS)

    def _kill(self, processes: list[BaseProcess]) -> None:
        """As a crash of its machine would: in the middle of its work."""
        victim = processes[0]
        deadline = time.monotonic() + _KILL_SECONDS_MAX
        while self.witness.held_by(victim.name) == 0 and time.monotonic() < deadline:
            time.sleep(0.002)
        victim.kill()
        victim.join()
        self.killed = victim.name
        held = self.witness.held_by(victim.name)
        self.tell(f"{victim.name} killed (SIGKILL) with {held} leases")
        heir = f"worker-{self.options.workers + 1}"
        processes[0] = dispatcher.start(self._job(heir))
        self.tell(f"{heir} started in its place")

    def tell(self, text: str) -> None:
        """Something happened."""
        event = Event(self._seconds(), text)
        self.events.append(event)
        self.observer.happened(event)

    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _last_words(self) -> str:
        log = self.folder / LOG_FILE
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return lines[-1] if lines else "none"


def _guarded(
    run: Callable[[Iterable[Line]], None], lines: Iterable[Line], failure: list[BaseException]
) -> None:
    try:
        run(lines)
    except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
        failure.append(error)


def _supervise(processes: list[BaseProcess]) -> None:
    dead = [process for process in processes if process.exitcode is not None]
    if dead:
        raise LedgerError(
            f"{dead[0].name} ended by itself (exit code {dead[0].exitcode}); see its log"
        )


def _end(processes: list[BaseProcess]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + _STOP_SECONDS_MAX
    for process in processes:
        process.join(max(deadline - time.monotonic(), 0.1))
        if process.is_alive():
            process.kill()
            process.join()
