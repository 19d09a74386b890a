"""The gate in CI: declared locks are the measured ones, long work under locks has its waiver."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import tools.plan
from ledgerdb.errors import MigrationError
from ledgerdb.planning.hazards import Hazard, needs_waiver
from ledgerdb.planning.line import TracedRevision
from ledgerdb.planning.measure import Effect
from ledgerdb.planning.waivers import read_waivers
from tests.commands import ROOT
from tools.plan import locks_text, main


@pytest.fixture
def folder(tmp_path: Path, line_18: list[TracedRevision], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Our locks.toml and waivers.toml, to be spoilt; the line is measured once for all."""
    for name in ("locks.toml", "waivers.toml"):
        shutil.copy(ROOT / "migrations" / name, tmp_path)
    monkeypatch.setattr(tools.plan, "traced_line", lambda: line_18)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_ours_pass(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"], folder=folder) == 0
    assert capsys.readouterr().out == ""


def test_locks_are_the_same_on_16(
    line_16: list[TracedRevision], line_18: list[TracedRevision]
) -> None:
    assert locks_text(line_16) == locks_text(line_18)


def test_a_weaker_lock_than_measured_fails(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(folder / "locks.toml", "ACCESS EXCLUSIVE", "SHARE ROW EXCLUSIVE")
    assert main(["--check"], folder=folder) == 1
    assert '+payment_outbox_pending = "ACCESS EXCLUSIVE"' in capsys.readouterr().out
    assert main([], folder=folder) == 0
    assert main(["--check"], folder=folder) == 0


def test_work_without_a_waiver_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(folder / "waivers.toml", '["FULL_SCAN", "INDEX_BUILD"]', '["FULL_SCAN"]')
    assert main(["--check"], folder=folder) == 1
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert said.startswith("ddl/0004_layout_prepared.sql:")
    assert "revision 0004: INDEX_BUILD of payment_outbox_pending while writers of" in said
    assert "create index idx_payment_outbox_pending_fifo" in said


def test_no_waiver_at_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "waivers.toml").unlink()
    assert main(["--check"], folder=folder) == 1
    said = capsys.readouterr().out
    assert "ddl/0002_counter_drift_report.sql:28: revision 0002: FULL_SCAN of" in said


def test_a_stale_waiver_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(folder / "waivers.toml", 'hazards = ["FULL_SCAN"]', 'hazards = ["TABLE_REWRITE"]')
    assert main(["--check"], folder=folder) == 1
    said = capsys.readouterr().out
    assert "the waiver of TABLE_REWRITE for ddl/0002_counter_drift_report.sql" in said
    assert "is stale" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("reason =", "because =", "must have file, hazards, reason, revision, statement"),
        ('hazards = ["FULL_SCAN"]', 'hazards = ["SLOW"]', "hazards must be names"),
        ('hazards = ["FULL_SCAN"]', "hazards = []", "hazards must be names"),
        ("[[waiver]]", "[[waiver", "waivers.toml: "),
    ],
)
def test_an_incomplete_waiver_is_refused(folder: Path, old: str, new: str, said: str) -> None:
    edit(folder / "waivers.toml", old, new)
    with pytest.raises(MigrationError, match=said):
        read_waivers(folder)


def test_a_reason_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "waivers.toml").write_text(
        '[[waiver]]\nrevision = "0002"\nfile = "ddl/0002_x.sql"\nstatement = "update"\n'
        'hazards = ["FULL_SCAN"]\nreason = "is fine"\n'
    )
    with pytest.raises(MigrationError, match="a reason is a sentence"):
        read_waivers(tmp_path)


@pytest.mark.parametrize(
    ("hazard", "held", "needed"),
    [
        ("TABLE_REWRITE", "ACCESS EXCLUSIVE", True),
        ("FULL_SCAN", "SHARE", True),
        ("INDEX_BUILD", "SHARE ROW EXCLUSIVE", True),
        ("FULL_SCAN", "SHARE UPDATE EXCLUSIVE", False),
        ("INDEX_DROPPED", "ACCESS EXCLUSIVE", False),
    ],
)
def test_what_needs_a_waiver(hazard: str, held: str, *, needed: bool) -> None:
    effect = Effect(held={"payment": held})
    assert needs_waiver(Hazard(hazard, ("payment",)), effect) is needed
