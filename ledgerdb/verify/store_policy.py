"""The witness of the store-mode policy: services are started in every environment and store mode,
and it is seen what they open, what they say, and what is on the disk afterwards.

It shares nothing with what it judges: each start is a process of its own that gets its settings as
a service does, and the table of what must happen is written down here once more.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import ledgerdb
from ledgerdb.errors import LedgerError
from ledgerdb.verify.evidence import Evidence, Status, git_sha, timestamp_utc
from ledgerdb.verify.fingerprint import head_fingerprint

__all__ = ["ARTEFACT", "CASES", "CHECK_ID", "Case", "verify_store_policy"]

CHECK_ID: Final = "evidence_store_mode_policy"
ARTEFACT: Final = "phase1/evidence_store_mode_policy.json"

_DEVELOPMENT: Final = ("local", "dev", "ci")
_ENVIRONMENTS: Final = (*_DEVELOPMENT, "staging", "pilot", "prod", None, "")
# What a tired person types, and what a template leaves behind.
_HOSTILE: Final = (
    *("Dev", "DEV", "dev ", " dev", "dev\n", "local,prod", "development", "PROD", "Prod "),
    *("${ENVIRONMENT}", "d\u0435v", "dev\u200b", "dev\udcff"),
)
_DB_MODES: Final = ("db", "db_psql", "db_npgsql", None)
_MODES: Final = ("file", *_DB_MODES, "", "FILE", "file ", "sqlite")
# The ways to a store, and whether each takes the mode from the settings; else it is the file store.
_WAYS: Final = {
    "open_store": True,
    "open_async_store": True,
    "FileStore": False,
    "AsyncFileStore": False,
}
_RECORD: Final = ("decision", "environment", "reason", "store_mode")
_START_SECONDS_MAX: Final = 60
_NOBODY: Final = "postgresql://nobody@127.0.0.1:9/nothing"  # nothing is sent there

# What a service does when it starts: it opens its store. It says what came of it.
_SERVICE: Final = """
import json, os
from dataclasses import asdict
from ledgerdb import stores

def start(way):
    os.environ["LEDGERDB_STORE_FILE"] = path = way + ".db"
    make = getattr(stores, way)
    try:
        store = make() if way.startswith("open_") else make(path)
    except stores.StoreRefused as refusal:
        record = asdict(refusal.decision)
        return {"opened": None, "said": str(refusal), "record": record}
    except BaseException as error:
        return {"opened": None, "broke": repr(error)}
    return {"opened": type(store).__name__, "record": asdict(store.decision)}

record = stores.decide(os.environ.get("ENVIRONMENT"), os.environ.get("LEDGERDB_STORE"))
print(json.dumps({"record": asdict(record), "starts": {way: start(way) for way in WAYS}}))
"""


@dataclass(frozen=True, slots=True)
class Case:
    """The settings of one start; None is a variable that is not set."""

    environment: str | None
    store_mode: str | None

    @property
    def may_use_the_file(self) -> bool:
        return self.environment in _DEVELOPMENT

    @property
    def expected(self) -> str | None:
        """What `open_store` must open, or None."""
        if self.store_mode in _DB_MODES:
            return "PostgresStore"
        return "FileStore" if self.store_mode == "file" and self.may_use_the_file else None

    def __str__(self) -> str:
        return f"ENVIRONMENT {_spelled(self.environment)}, store {_spelled(self.store_mode)}"


CASES: Final = (
    *(Case(environment, mode) for environment in _ENVIRONMENTS for mode in _MODES),
    *(Case(environment, "file") for environment in _HOSTILE),
)


def verify_store_policy(
    cases: Sequence[Case] = CASES, *, progress: Callable[[str], None] = lambda _: None
) -> Evidence:
    """Starts a service per case and compares what it did with what it may do.

    Args:
        cases: the settings to start with.
        progress: is told of each start.

    Raises:
        ConfigurationError: no commit to name in the evidence.
        LedgerError: a service could not be started, or said nothing.
    """
    made_at, commit = timestamp_utc(), git_sha()
    findings: list[str] = []
    table = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as starting:
        for number, (case, (said, left)) in enumerate(
            zip(cases, starting.map(_start, cases), strict=True), 1
        ):
            progress(f"{number} of {len(cases)}: {case}")
            findings += _judged(case, said, left)
            table.append(_row(case, said, left))
    return Evidence(
        check_id=CHECK_ID,
        timestamp_utc=made_at,
        git_sha=commit,
        status=Status.FAIL if findings else Status.PASS,
        schema_fingerprint=head_fingerprint(),
        details={"findings": findings, "starts": len(cases) * len(_WAYS), "table": table},
    )


def _start(case: Case) -> tuple[dict[str, Any], list[str]]:
    """What the service said, and the files that it left."""
    with tempfile.TemporaryDirectory(prefix="ledgerdb-store-") as folder:
        try:
            done = subprocess.run(  # noqa: S603 - our own program
                [sys.executable, "-c", f"WAYS = {list(_WAYS)!r}\n{_SERVICE}"],
                check=False,
                capture_output=True,
                text=True,
                timeout=_START_SECONDS_MAX,
                cwd=folder,
                env=_environment(case),
            )
            said = json.loads(done.stdout)
        except subprocess.TimeoutExpired:
            raise LedgerError(f"{case}: no start within {_START_SECONDS_MAX} s") from None
        except ValueError:
            last = done.stderr.strip().splitlines()[-1:] or ["and said nothing"]
            raise LedgerError(f"{case}: the service did not start: {last[0]}") from None
        # of a store: the file itself, and the journal beside it
        return said, sorted({path.name.partition("-")[0] for path in Path(folder).iterdir()})


def _environment(case: Case) -> dict[str, str]:
    ours = ("ENVIRONMENT", "DATABASE_URL")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ours and not name.startswith("LEDGERDB_")
    }
    # the service runs the code that this process runs, wherever that was found
    root = str(Path(ledgerdb.__file__).resolve().parent.parent)
    path = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    given = {"ENVIRONMENT": case.environment, "LEDGERDB_STORE": case.store_mode}
    return {
        **kept,
        **{name: value for name, value in given.items() if value is not None},
        "LEDGERDB_URL": _NOBODY,
        "PYTHONPATH": os.pathsep.join(path),
    }


def _judged(case: Case, said: Mapping[str, Any], left: Sequence[str]) -> Iterator[str]:
    record = said["record"]
    if sorted(record) != sorted(_RECORD) or not record["reason"]:
        yield f"{case}: the record of the decision is {sorted(record)}, not {sorted(_RECORD)}"
    if record.get("environment") != case.environment:
        yield f"{case}: the record names another environment: {record.get('environment')!r}"
    decision = "deny" if case.expected is None else "allow"
    if record.get("decision") != decision:
        yield f"{case}: the decision is {record.get('decision')!r}, and must be {decision!r}"
    for way, by_settings in _WAYS.items():
        of_file = "FileStore" if case.may_use_the_file else None
        expected = case.expected if by_settings else of_file
        start = said["starts"][way]
        opened = (start["opened"] or "").removeprefix("Async") or None
        if "broke" in start:
            yield f"{case}: {way} broke: {start['broke']}"
        elif opened != expected:
            yield f"{case}: {way} opened {_named(opened)}, and must open {_named(expected)}"
        if by_settings and "broke" not in start and start["record"] != record:
            yield f"{case}: {way} recorded another decision: {start['record']}"
        file = f"{way}.db"
        if (file in left) is not (expected == "FileStore"):
            yield f"{case}: {way} left {'a file' if file in left else 'no file'} on the disk"
    for name in left:
        if name.removesuffix(".db") not in _WAYS:
            yield f"{case}: a start left {name} on the disk"


def _named(store: str | None) -> str:
    return store or "nothing"


def _row(case: Case, said: Mapping[str, Any], left: Sequence[str]) -> dict[str, Any]:
    starts = {
        way: start.get("opened") or start.get("said") or start.get("broke")
        for way, start in said["starts"].items()
    }
    return {
        "settings": {
            "ENVIRONMENT": _kept(case.environment),
            "LEDGERDB_STORE": _kept(case.store_mode),
        },
        "record": {name: _kept(value) for name, value in said["record"].items()},
        "starts": {way: _kept(answer) for way, answer in starts.items()},
        "files": list(left),
    }


def _kept(value: str | None) -> str | None:
    """A value as the evidence can hold it: half a character is escaped."""
    return None if value is None else value.encode(errors="backslashreplace").decode()


def _spelled(value: str | None) -> str:
    return "unset" if value is None else ascii(value)
