"""The plot: an ingress, workers and a rail at work at the same time; one worker is killed.

Everything is real but the rail: PostgreSQL, commits, processes, SIGKILL.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from ledgerdb.demo import dispatcher
from ledgerdb.demo.dispatcher import DispatcherJob
from ledgerdb.demo.instructions import Line
from ledgerdb.demo.intake import CLIENTS, Intake
from ledgerdb.demo.options import DemoOptions, Observer
from ledgerdb.demo.results import Event, Moment
from ledgerdb.demo.witness import Witness
from ledgerdb.engine import EngineSettings
from ledgerdb.errors import LedgerError
from ledgerdb.rows import RetryStrategy
from ledgerdb.sync import Ledger

__all__ = ["RAIL_FILE", "Play"]

LEASE_SECONDS: Final = 4
ALL_RAILS: Final = "*"
RETRY_SECONDS_MAX: Final = 2
# When the first worker is killed: at this share of the acknowledged instructions.
KILL_AT: Final = 0.3
RAIL_FILE: Final = "rail.sqlite"
LOG_FILE: Final = "workers.log"
_READING_SECONDS: Final = 0.2
_KILL_SECONDS_MAX: Final = 5.0
_STOP_SECONDS_MAX: Final = 30.0
_STALL_SECONDS_MAX: Final = 60.0


@dataclass(slots=True)
class Play:
    """One performance.

    Attributes:
        folder: for the books of the rail and the log of the workers.
        timeline: progress readings.
        events: what happened on the way.
        killed: the worker that was ended by SIGKILL.
    """

    options: DemoOptions
    observer: Observer
    url: str
    folder: Path
    witness: Witness
    timeline: list[Moment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    killed: str | None = None
    _began: float = field(default_factory=time.monotonic)

    def run(self, lines: Iterable[Line]) -> Intake:
        """Ingests and dispatches at the same time, until nothing is left to do."""
        with ExitStack() as stack:
            intake = stack.enter_context(self._intake())
            intake.registrar.set_retry_policy(
                ALL_RAILS,
                RetryStrategy.EXPONENTIAL,
                base_seconds=1,
                max_seconds=RETRY_SECONDS_MAX,
                actor="demo",
                reason="nobody wants to wait for long",
            )
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
