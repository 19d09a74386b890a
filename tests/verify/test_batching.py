"""`ledgerdb verify batching`: it holds; a run that is not batched, or lies about it, does not."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ledgerdb.cli import app
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import ConfigurationError, LedgerError
from ledgerdb.url import database_url
from ledgerdb.verify.batching import ARTEFACT, program, verify_batching
from ledgerdb.verify.batching.counted import Counted
from ledgerdb.verify.batching.judge import findings
from ledgerdb.verify.batching.told import STEPS, Sets, sets_of
from ledgerdb.verify.evidence import Status, validate

ITEMS = 600
NOBODY = database_url("postgresql://nobody@127.0.0.1:9/nothing")
SOUND = Sets(
    statements=4, items=ITEMS, batches=3, batched=ITEMS, largest=200, sizes={"up to 200": 3}
)
SEEN = Counted(
    calls={functions[0]: 4 for functions in STEPS.values()},
    accepted=ITEMS,
    attempts=ITEMS,
    pending=0,
)


def judged(seen: Counted = SEEN, **claim: Any) -> list[str]:  # noqa: ANN401 - of `Sets`
    told = dict.fromkeys(STEPS, SOUND) | {"claim": replace(SOUND, **claim)}
    return [*findings(told, seen, ITEMS)]


def test_it_holds(server_18: EmbeddedServer, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app,
        ["verify", "batching", "--quick", "--url", server_18.url(), "--out", str(tmp_path)],
    )
    assert (done.exit_code, done.stderr) == (0, ""), done.stdout
    found = json.loads((tmp_path / ARTEFACT).read_text("utf-8"))
    validate(found)
    sets, worker = (found["details"]["runs"][way] for way in program.WAYS)
    assert sets["counted"]["calls"] == {"ingest": 3, "claim": 4, "complete": 3}
    assert sets["told"]["claim"]["sizes"] == {"up to 200": 3}
    assert worker["counted"]["attempts"] == found["details"]["items"] == ITEMS


def test_a_run_of_single_calls_fails(server_18: EmbeddedServer) -> None:
    found = verify_batching(server_18.url(), quick=True, size=1, concurrency=1)
    assert found.status is Status.FAIL
    for way, step in product(program.WAYS, STEPS):
        said = f"{way}: {step}: not batched: {ITEMS} items in {ITEMS} statements, 1.00 each"
        assert any(line.startswith(said) for line in found.details["findings"]), (way, step)
    assert len(found.details["findings"]) == 6  # what is told is true all the same


def test_a_sound_run_has_no_findings() -> None:
    assert judged() == []


def test_what_the_server_counted_otherwise_is_found() -> None:
    assert judged(statements=3) == ["claim: 3 statements were told of, the server counted 4"]
    assert judged(replace(SEEN, calls={})) == [
        f"{step}: 4 statements were told of, the server counted 0" for step in STEPS
    ]


def test_items_that_are_missing_are_found() -> None:
    assert judged(items=599) == ["claim: the sets told of have 599 items together, not 600"]
    assert judged(replace(SEEN, accepted=599, attempts=1, pending=2)) == [
        "599 items were accepted, and should have been 600",
        "1 items were attempted, and should have been 600",
        "2 items have not ended",
    ]


def test_polls_that_found_nothing_do_not_count_as_sets() -> None:
    (said,) = judged(batches=1, batched=300)
    assert said.startswith("claim: not batched: 600 items in 301 statements, 1.99 each")


def test_a_run_that_tells_nothing_fails() -> None:
    silent: dict[str, Any] = {"resource_metrics": []}
    told = {step: sets_of(silent, step) for step in STEPS}
    assert len([*findings(told, SEEN, ITEMS)]) == 3 * len(STEPS)


def test_without_the_sdk_it_is_not_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ConfigurationError, match="pip install 'ledgerdb"):
        program.run("sets", NOBODY, items=1, size=1, concurrency=1)


def test_a_program_that_breaks_is_not_found_out() -> None:
    with pytest.raises(LedgerError, match=r"sets: the program broke: .*DatabaseUnavailable"):
        program.run("sets", NOBODY, items=1, size=1, concurrency=1)
