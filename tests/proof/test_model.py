"""The model agrees with head, sees what is broken, and finds what the reference does wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from proof.ground import BASELINE, Ground, replace_functions
from proof.model.check import Campaign, check_model, load, save
from proof.model.machine import Machine
from proof.model.program import Step, cut
from proof.model.reference import UNRECORDED, violations
from proof.model.upgrade import survive

FUNCTIONS = Path("sqlfunctions")
# Function, what is taken out of it, what comes in its place.
BREAKS = [
    ("complete_outbox_attempts", "where p.lease_expires_at > clock_timestamp()", ""),
    ("_judge_late_results", "on conflict on constraint ux_late_results_once do nothing", ""),
    ("_judge_late_results", "j.outcome not in ('RECORDED', 'REPLAYED')", "false"),
    ("_close_expired_leases", "p.attempt_count + 1 - p.budget_base", "p.attempt_count"),
    ("_hold_items_behind", "earlier.sequence_id < p.sequence_id", "false"),
    ("release_outbox_leases", "and held.dispatch_started_at is null", ""),
    ("_due_items", "order by p.next_attempt_at, p.created_at", "order by p.created_at"),
    ("_enqueue_outbox_item", "is null then 1 else", "is null then 2 else"),
]


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with Ground() as ground:
        yield ground


def test_head_agrees_with_the_model(ground: Ground) -> None:
    with ground.database() as url:
        assert check_model(url, steps=300, seed=1) == []


@pytest.mark.parametrize(("function", "old", "new"), BREAKS)
def test_a_broken_function_is_seen(ground: Ground, function: str, old: str, new: str) -> None:
    text = (FUNCTIONS / f"{function}.sql").read_text("utf-8")
    assert old in text
    with ground.database() as url:
        replace_functions(url, (text.replace(old, new),))
        [finding] = check_model(url, steps=20_000, seed=1)
    assert "after:" in finding


def test_a_failing_program_is_cut_short_and_tried_first(ground: Ground, tmp_path: Path) -> None:
    text = (FUNCTIONS / "begin_outbox_dispatch.sql").read_text("utf-8")
    broken = text.replace("and held.lease_expires_at > held.moment", "")
    with ground.database() as url:
        replace_functions(url, (broken,))
        with Machine(url) as machine:
            campaign = Campaign(machine, steps=20_000, seed=2, saved=tmp_path)
            campaign.run()
            [kept] = tmp_path.glob("*.json")
            program = load(kept, machine)
            assert len(program) < 10
            assert "begin_outbox_dispatch" in campaign.findings[0]
            again = Campaign(machine, steps=0, seed=3, shrink=False, saved=tmp_path)
            again.run()
            assert len(again.findings) == 1
            assert save(program, machine, tmp_path) == kept


def test_cutting_keeps_what_fails() -> None:
    program = [Step(kind, 0) for kind in range(100)]
    needed = {Step(17, 0), Step(60, 0), Step(61, 0)}
    assert set(cut(program, lambda p: needed <= set(p), seconds=5)) == needed


def test_the_reference_is_seen_to_be_wrong(ground: Ground) -> None:
    with ground.database(BASELINE) as url:
        found = violations(url, seed=1, programs=30)
    assert found[UNRECORDED]
    assert len(found) >= 3


def test_an_upgrade_in_the_middle_is_survived(ground: Ground) -> None:
    with ground.database(BASELINE) as url:
        counts, findings = survive(url, seed=4)
    assert findings == []
    assert counts["leases that lived through an upgrade"] > 0
