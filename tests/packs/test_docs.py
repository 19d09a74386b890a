"""The examples of docs/evidence-packs.md do what the page says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledgerdb.cli import app
from ledgerdb.sync import Ledger
from ledgerdb.verify.packs.lives import TENANT
from tests.commands import ROOT
from tests.packs.conftest import GOLDEN
from tests.packs.documents import NAMED, export, forged, golden

PAGE = (ROOT / "docs" / "evidence-packs.md").read_text("utf-8")


def example(name: str) -> str:
    """The block after the mark."""
    found = re.search(rf"<!-- example: {name} -->\n```\w*\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_what_a_person_sees() -> None:
    done = CliRunner().invoke(
        app, ["evidence", "show", str(GOLDEN / "eventful.json")], env={"COLUMNS": "200"}
    )
    shown = [line.rstrip() for line in done.stdout.splitlines()]
    told = example("show").splitlines()
    at = shown.index(told[0])
    assert shown[at : at + len(told)] == told


def alone(file: Path) -> subprocess.CompletedProcess[str]:
    """The program of the page: isolated, so that it has nothing but Python."""
    program = [sys.executable, "-I", "-S", "-c", example("alone"), str(file)]
    return subprocess.run(program, check=False, capture_output=True, text=True)


def test_no_tool_of_ours_is_needed(tmp_path: Path) -> None:
    for name in ("eventful", "without-position", "waiting"):
        done = alone(GOLDEN / f"{name}.json")
        assert (done.stdout.strip(), done.stderr) == (golden(name)["digest"], "")
    file = tmp_path / "forged.json"
    for change in (
        lambda it: it["seals"][0].update(row_count=1),
        lambda it: it["proof"]["leaves"][0]["leaves"].reverse(),
        lambda it: it["attempts"][0]["chain"].update(leaf="0" * 64),
    ):
        file.write_bytes(forged(golden(), change))
        assert "AssertionError" in alone(file).stderr
    file.write_bytes((GOLDEN / "eventful.json").read_bytes().replace(b"olga", b"olgb"))
    assert "AssertionError" in alone(file).stderr


def test_a_service_serves_what_the_command_writes(lived_url: str) -> None:
    given: dict[str, object] = {}
    exec(example("service"), given)  # noqa: S102 - a page of ours
    evidence, problems = given["evidence"], given["problems"]
    assert callable(evidence)
    assert callable(problems)
    life = NAMED["eventful"]
    with Ledger.connect(lived_url) as ledger:
        document = evidence(ledger, TENANT, life.instruction_id)
        assert document == export(ledger, life)
        assert evidence(ledger, TENANT, "no such") is None
    assert problems(document) == []
    assert problems(document[:-1]) != []


@pytest.mark.parametrize("word", ["export", "show", "verify"])
def test_every_command_is_told_of(word: str) -> None:
    assert f"ledgerdb evidence {word}" in PAGE
