"""The profile of the release is pinned, and so are the lines of a history."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledgerdb.errors import ConfigurationError
from ledgerdb.perf import baseline, history
from ledgerdb.perf.profile import PROFILE as FILE
from ledgerdb.perf.profile import load
from ledgerdb.perf.promotion import made_of
from tests.perf.histories import PROFILE, entry
from tests.perf.histories import history as runs_of


def test_the_profile_feeds_what_it_drains() -> None:
    assert load() == PROFILE
    calls, size = PROFILE.calls, PROFILE.batch_items
    assert calls["enqueue"] + calls["ingest"] + calls["enqueue_many"] * size >= (
        calls["drain"] * size
    )


def test_a_changed_profile_needs_a_new_checksum(tmp_path: Path) -> None:
    content = json.loads(FILE.read_text())
    changed = tmp_path / "profile.json"
    changed.write_text(json.dumps(content | {"seed": 1}))
    with pytest.raises(ConfigurationError, match="voids the baseline"):
        load(changed)
    for wrong in ("[]", "{}", "no JSON", json.dumps(content | {"speed": 1})):
        changed.write_text(wrong)
        with pytest.raises(ConfigurationError, match="is no profile"):
            load(changed)


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "perf" / "history.ndjson"
    assert history.read(file) == []
    runs = runs_of([2.0, 3.0])
    for run in runs:
        history.append(file, run)
    assert history.read(file) == runs
    file.write_text(file.read_text().replace("3.0", "2.0"))
    with pytest.raises(ConfigurationError, match="line 2: was edited"):
        history.read(file)
    for wrong in ("[]", "{}", "no JSON", json.dumps(entry(2.0).document | {"speed": 1})):
        file.write_text(wrong + "\n")
        with pytest.raises(ConfigurationError, match="line 1: is no run"):
            history.read(file)


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "perf" / "baseline.json"
    assert baseline.read(file) is None
    made = made_of(runs_of([2.0] * 5), PROFILE)
    baseline.write(file, made)
    assert baseline.read(file) == made
    for wrong in ("[]", "no JSON"):
        file.write_text(wrong)
        with pytest.raises(ConfigurationError, match="is no baseline"):
            baseline.read(file)
