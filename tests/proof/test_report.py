"""A run that found a violation, did too little, or whose control found nothing, does not pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from proof.report import Report, conclude


def report(**changes: Any) -> Report:  # noqa: ANN401 - fields of any type
    fields: dict[str, Any] = {
        "check_id": "sample",
        "command": "python -m proof sample --seed 7",
        "seed": 7,
        "server_version": "18.4",
        "schema_fingerprint": "0" * 64,
        "counts": {"tries": 10},
        "reference": {"known defect": 1},
        "required": {"tries": 10, "known defect": 1},
    }
    return Report(**{**fields, **changes})


def status(folder: Path) -> str:
    return str(json.loads((folder / "sample.json").read_text())["status"])


def test_a_run_that_holds_passes(tmp_path: Path) -> None:
    conclude(report(), tmp_path)
    assert status(tmp_path) == "PASS"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"findings": ["a payment was lost"]}, "sample: a payment was lost"),
        ({"counts": {"tries": 9}}, "sample: tries: 9, at least 10 are needed"),
        ({"reference": {"known defect": 0}}, "sample: known defect: 0, at least 1 are needed"),
        ({"reference": {}}, "sample: known defect: 0, at least 1 are needed"),
    ],
)
def test_a_run_that_does_not_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(typer.Exit) as ended:
        conclude(report(**changes), tmp_path)
    assert ended.value.exit_code == 1
    assert said in capsys.readouterr().err
    assert status(tmp_path) == "FAIL"
