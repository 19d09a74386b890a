"""On, off, and not there."""

from __future__ import annotations

import subprocess
import sys

import pytest
from opentelemetry.sdk.metrics import MeterProvider

from ledgerdb import Ledger, telemetry
from tests.commands import ROOT
from tests.telemetry.conftest import Seen

# OpenTelemetry as it is in an installation without the extra.
WITHOUT = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(f"No module named {name!r}", name="opentelemetry")
sys.meta_path.insert(0, Blocked())
"""


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return done.stdout.strip()


def test_the_library_does_not_load_it() -> None:
    assert (
        run(
            "import sys, ledgerdb, ledgerdb.telemetry\n"
            "ledgerdb.Ledger, ledgerdb.AsyncLedger, ledgerdb.Worker\n"
            "print([name for name in sys.modules if name.startswith('opentelemetry')])"
        )
        == "[]"
    )


@pytest.mark.parametrize("switch", ["instrument()", "observe_queue(None)"])
def test_without_the_extra_it_says_what_to_install(switch: str) -> None:
    said = run(
        f"{WITHOUT}\nfrom ledgerdb import ConfigurationError, telemetry\n"
        f"try:\n    telemetry.{switch}\nexcept ConfigurationError as error:\n    print(error)"
    )
    assert said == "opentelemetry is not installed: pip install 'ledgerdb[telemetry]'"


@pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])
def test_without_the_extra_everything_else_works(database_url: str) -> None:
    said = run(
        f"{WITHOUT}\nfrom ledgerdb import Ledger, telemetry\n"
        f"with Ledger.connect({database_url!r}) as ledger:\n"
        "    print(ledger.backlog().due, telemetry.current_trace_context())"
    )
    assert said == "0 None"


@pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])
def test_off_is_off(ledger: Ledger, seen: Seen) -> None:
    ledger.backlog()
    telemetry.uninstrument()
    ledger.backlog()
    assert len(seen.spans()) == 1
    assert telemetry.current_trace_context() is None


@pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])
def test_once_more_replaces_what_was_on(ledger: Ledger, seen: Seen) -> None:
    other = Seen()
    telemetry.instrument(MeterProvider([other.reader], shutdown_on_exit=False), other.tracers)
    ledger.backlog()
    assert (seen.points("db.client.operation.duration"), seen.spans()) == ([], [])
    assert [p.count for p in other.points("db.client.operation.duration")] == [1]


@pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])
def test_the_global_providers_are_the_default(ledger: Ledger) -> None:
    """Without an SDK they do nothing, and nothing breaks."""
    telemetry.instrument()
    try:
        assert ledger.backlog().due == 0
        assert telemetry.current_trace_context() is None
    finally:
        telemetry.uninstrument()


def test_the_trace_of_the_caller_as_text(seen: Seen) -> None:
    assert telemetry.current_trace_context() is None
    with seen.tracers.get_tracer("caller").start_as_current_span("request") as request:
        context = request.get_span_context()
        assert telemetry.current_trace_context() == (
            f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
        )
