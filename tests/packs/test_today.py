"""An older pack beside the ledger: what came since is told, what is another is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ledgerdb.cli import app
from ledgerdb.packs import PackReport, check_today
from ledgerdb.sync import Ledger
from ledgerdb.verify.packs.lives import LIVES
from tests.packs.documents import Document, export, forged, golden


def report(document: Document, today: Document | None) -> PackReport:
    found = PackReport()
    check_today(document, today, found)
    return found


def earlier(change: Callable[[Document], object]) -> PackReport:
    """Of the golden pack as it was before, beside what it is."""
    return report(json.loads(forged(golden(), change)), golden())


def before_the_end(document: Document) -> None:
    del document["attempts"][4:]
    del document["operator_actions"][1:]
    document["late_results"].clear()
    document["outbox"]["state"] = "FAILED"
    document["attempts"][3]["chain"]["seal_no"] = None


def test_what_came_since_is_no_finding() -> None:
    found = earlier(before_the_end)
    assert found.findings == []
    assert [str(one) for one in found.unproven] == [
        "outbox.state: is DISPATCHED in the database by now",
        "attempts[3].chain.seal_no: is 10 in the database by now",
        "attempts: the database has 1 more by now",
        "late_results: the database has 1 more by now",
        "operator_actions: the database has 1 more by now",
    ]
    assert [str(one) for one in found.proven] == ["the database says the same today"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda it: it["attestation"].update(payload_hash="0" * 64), "attestation.payload_hash"),
        (lambda it: it["outbox"].update(created_at="x"), "outbox.created_at"),
        (lambda it: it["attempts"][0].update(rail_code="x"), "attempts[0].rail_code"),
        (lambda it: it["attempts"][0]["chain"].update(seal_no="1"), "attempts[0].chain.seal_no"),
        (lambda it: it["attempts"].append(it["attempts"][0]), "attempts[5]"),
        (lambda it: it["late_results"][0].update(state="x"), "late_results[0].state"),
        (lambda it: it["operator_actions"][1].update(actor="x"), "operator_actions[1].actor"),
        (lambda it: it["seals"][0].update(digest="0" * 64), "seals[0].digest"),
        (lambda it: it.update(outbox=None), "outbox"),
    ],
)
def test_what_is_another_is_found(change: Callable[[Document], object], field: str) -> None:
    document = golden()
    change(document)
    found = report(document, golden())
    assert [one.field for one in found.findings] == [field]
    assert found.proven == []


def test_retirement_takes_attempts_away_and_nothing_else() -> None:
    today = golden("retired")
    before = golden("retired") | {"retired": None, "attempts": golden()["attempts"]}
    found = report(before, today)
    assert found.findings == []
    assert [str(one) for one in found.unproven] == [
        "attempts: retired since; the database has only their hashes"
    ]
    today["retired"]["digest"] = "0" * 64
    assert [one.field for one in report(golden("retired"), today).findings] == ["retired.digest"]


def test_an_instruction_that_is_not_there() -> None:
    (finding,) = report(golden(), None).findings
    assert finding.field == "attestation"


@pytest.fixture
def files(lived_url: str, tmp_path: Path) -> list[Path]:
    """Packs of the database, each life one."""
    with Ledger.connect(lived_url) as ledger:
        for life in LIVES:
            (tmp_path / life.name).write_bytes(export(ledger, life))
    return [tmp_path / life.name for life in LIVES]


def test_the_command_asks_the_ledger(files: list[Path], lived_url: str, tmp_path: Path) -> None:
    def verify(*arguments: Path | str, url: str | None = lived_url) -> tuple[int, str]:
        command = ["evidence", "verify", "--against-database", *map(str, arguments)]
        done = CliRunner().invoke(app, command, env={"LEDGERDB_URL": url, "DATABASE_URL": None})
        return done.exit_code, done.stdout

    code, said = verify(*files)
    assert code == 0
    assert said.count("proven: the database says the same today") == len(files)

    # what nothing offline can see: the end of it is left out
    document = json.loads((tmp_path / "redriven").read_bytes())
    shortened = tmp_path / "shortened"
    shortened.write_bytes(forged(document, _without_its_end))
    code, said = verify(shortened)
    assert code == 0
    assert "attempts: the database has 1 more by now" in said
    other = tmp_path / "other"
    other.write_bytes(forged(document, lambda it: it["operator_actions"][0].update(actor="eve")))
    code, said = verify(other)
    assert code == 1
    assert "operator_actions[0].actor: is another in the database today" in said
    assert verify(shortened, url=None)[0] == 2
    assert verify(shortened, "--url", "postgresql://nobody@127.0.0.1:9/none")[0] == 2


def _without_its_end(document: Document) -> None:
    document["attempts"].pop()
    document["outbox"]["state"] = "PENDING"
