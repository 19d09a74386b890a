"""`ledgerdb bench` as a user runs it, and the witness who does not believe it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledgerdb.cli import app
from ledgerdb.perf import baseline, drivers, history
from ledgerdb.perf.profile import Profile
from ledgerdb.perf.promotion import made_of
from ledgerdb.perf.workload import VERBS
from ledgerdb.verify.perf import drivers as drivers_witness
from ledgerdb.verify.perf import smoke as smoke_witness
from tests.commands import Result
from tests.perf.histories import entry
from tests.perf.histories import history as runs_of
from tests.perf.test_regression import TINY

Document = dict[str, Any]


def bench(*arguments: object) -> Result:
    """`ledgerdb bench ...` within this process."""
    done = CliRunner().invoke(app, ["bench", *(str(one) for one in arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Result(done.exit_code, done.stdout, done.stderr)


def written(profile: Profile, folder: Path) -> Path:
    """A profile as a file."""
    file = folder / "profile.json"
    file.write_text(json.dumps(profile.parameters | {"checksum": profile.checksum}))
    return file


def named(ratio: float, profile: Profile, number: int) -> history.Entry:
    """A run of the verbs, all of one ratio."""
    run = entry(*(ratio for _ in VERBS), number=number, profile=profile.checksum)
    return replace(
        run,
        clock="elapsed, less what the scheduler made us wait",
        figures={verb: {"ratio_p95": ratio} for verb in VERBS},
    )


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """A run of a tiny profile whose baseline nobody could hold."""
    folder = tmp_path_factory.mktemp("perf")
    runs = [named(0.001, TINY, number) for number in range(5)]
    for run in runs:
        history.append(folder / "history.ndjson", run)
    baseline.write(folder / "baseline.json", made_of(runs, TINY))
    done = bench(
        *("smoke", "--record", "--times", "--json"),
        *("--folder", folder, "--profile", written(TINY, folder)),
    )
    return done, folder


def test_a_slower_verb_fails_where_the_gate_counts(judged: tuple[Result, Path]) -> None:
    done, folder = judged
    document = json.loads(done.stdout)
    assert done.code == 1
    assert document["gate"]["state"] == "REQUIRED"
    slower = {finding.split(":")[0] for finding in document["gate"]["findings"]}
    assert slower == {*VERBS}
    last = history.read(folder / "history.ndjson")[-1]
    assert (last.checksum, last.profile_checksum) == (document["checksum"], TINY.checksum)


def test_the_witness_finds_nothing_but_the_regression(judged: tuple[Result, Path]) -> None:
    run = json.loads(judged[0].stdout)
    found = [*smoke_witness.findings([run, run])]
    assert len(found) == 2 * len(VERBS)
    assert all("against the baseline" in finding for finding in found)
    assert smoke_witness.noise([run, run]) == dict.fromkeys(VERBS, 0.0)


def _set(*path: str | int, value: object) -> Callable[[Document], None]:
    def damage(run: Document) -> None:
        inner: Any = run
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = value

    return damage


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (_set("figures", "drain", "p95_ms", value=0.001), "drain: p95_ms is 0.001"),
        (_set("figures", "drain", "ratio_p95", value=0.001), "drain: ratio_p95 is 0.001"),
        (_set("figures", "drain", "database_ms", value=0.0), "drain: the server worked 0.0 ms"),
        (_set("figures", "drain", "calls", value=1), "drain: 1 calls are not"),
        (_set("rounds", "ingest", 0, "net", 0, value=99.0), "waited for less than no time"),
        (_set("rounds", "ingest", 0, "elapsed", value=[]), "its times are not as many"),
        (_set("profile", "seed", value=1), "its profile has another checksum"),
        (_set("gate", "holds", value=True), "the gate does not say"),
        (_set("workload_sha256", value="0" * 64), "does not repeat: workload_sha256"),
        (_set("left_behind", "pending", value=0), "does not repeat: left_behind"),
    ],
)
def test_the_witness_finds_a_lie(
    judged: tuple[Result, Path], damage: Callable[[Document], None], word: str
) -> None:
    run = json.loads(judged[0].stdout)
    lie = copy.deepcopy(run)
    damage(lie)
    assert any(word in finding for finding in smoke_witness.findings([run, lie]))


def test_a_baseline_is_made_when_somebody_asks(tmp_path: Path) -> None:
    where = ("--folder", tmp_path)
    assert "0 of 5" in bench("standing", *where).stdout
    for run in runs_of([2.0, 2.1, 2.0, 2.1, 2.0]):
        history.append(tmp_path / "history.ndjson", run)
    said = json.loads(bench("standing", "--json", *where).stdout)
    assert (said["state"], said["promotable"], said["runs"]) == ("INFORMATIONAL", True, 5)
    assert not (tmp_path / "baseline.json").exists()

    assert bench("promote", *where).code == 0
    assert bench("standing", *where).stdout.startswith("REQUIRED: the baseline is valid")
    made = (tmp_path / "baseline.json").read_text()
    for run in runs_of([3.0] * 5):
        history.append(tmp_path / "history.ndjson", run)
    with pytest.raises(Exception, match="--again replaces it"):
        bench("promote", *where)
    assert (tmp_path / "baseline.json").read_text() == made
    assert (
        "v0: 3.0 times the yardstick, varies by 0.0; was 2.04"
        in bench("promote", "--again", *where).stdout
    )


def test_what_cannot_be_measured_is_no_pass(tmp_path: Path) -> None:
    (tmp_path / "history.ndjson").write_text("{}\n")
    done = bench("smoke", "--folder", tmp_path)
    assert done.code == 2
    assert "is no run" in done.stderr


def test_drivers_are_compared_on_every_path() -> None:
    found = json.loads(json.dumps(asdict(drivers.run(1))))
    for compared in (found["without_flush"], found["with_flush"]):
        assert [*compared["paths"]] == [
            "ingress write",
            "evidence read",
            "worker, claim and complete",
        ]
    said = [*drivers_witness.findings(found)]
    assert [finding for finding in said if "are required" not in finding] == []

    found["without_flush"]["p95_below"]["ingress write"] = 0.5
    found["payload"]["one buffer"]["allocated_bytes"] = 70_000
    said = [*drivers_witness.findings(found)]
    for word in ("is said to be 0.5 below", "50.0% below", "it is copied"):
        assert any(word in finding for finding in said)
