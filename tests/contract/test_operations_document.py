"""Every example of docs/operations.md runs, in the order of the page."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from string import Template
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from ledgerdb import Ledger
from ledgerdb.cli import app
from tests.sql.operations import dead_letter, in_doubt
from tests.sql.queue import Queue

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
EXAMPLE = re.compile(r"<!-- example: (\w+) -->\n```(sql|python|console)\n(.*?)```", re.DOTALL)


def test_the_examples_run(
    connection: psycopg.Connection[Any], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGERDB_URL", database_url)
    queue = Queue(connection)
    doubtful, _ = in_doubt(queue, "doubtful")
    disputed = dead_letter(queue, "disputed")
    queue.rows(
        """insert into public.payment_outbox_late_results
            (outbox_id, lease_token, worker_id, state, outcome, rail_reference)
        values (%s, gen_random_uuid(), 'w', 'DISPATCHED', 'ALREADY_DONE', 'R')
        returning outbox_id""",
        disputed,
    )
    by_hand, unwanted = queue.enqueue("by hand"), queue.enqueue("unwanted")
    names: dict[str, Any] = {"by_hand": by_hand, "unwanted": unwanted}
    items = {
        "DOUBTFUL": doubtful,
        "PAPER": queue.enqueue("paper"),
        "WITHDRAWN": queue.enqueue("withdrawn"),
    }
    text = DOCUMENT.read_text("utf-8")
    examples = EXAMPLE.findall(text)
    assert len(examples) == text.count("```") // 2 > 15
    connection.execute("set role symphony_control")
    for name, language, source in examples:
        if language == "python":
            exec(compile(source, f"{DOCUMENT.name}: {name}", "exec"), names)  # noqa: S102 - ours
            continue
        if language == "console":
            for line in Template(source).substitute(items).splitlines():
                _run(line)
            continue
        cursor = connection.execute(source.replace(":'disputed'", f"'{disputed}'"))
        if name == "doubt":
            names["in_doubt"] = cursor.fetchall()
    connection.execute("reset role")

    assert queue.attempts(items["PAPER"])[-1].rail_reference == "PAPER-18"
    assert queue.pending(items["WITHDRAWN"]).redrive_no == 1
    ledger: Ledger = names["ledger"]
    ledger.close()
    assert {row.outcome for row in names["rehearsed"]} == {"WOULD_REDRIVE"}
    assert [(row.outbox_id, row.outcome) for row in names["redriven"]] == [(unwanted, "REDRIVEN")]
    for outbox_id, reference in (
        (doubtful, "SEPA-2026-1"),
        (by_hand, "PAPER-17"),
        (disputed, "SEPA-2026-2"),
    ):
        last = queue.attempts(outbox_id)[-1]
        assert (last.state, last.rail_reference) == ("DISPATCHED", reference)
    actions = queue.rows("select distinct action from public.payment_outbox_operator_actions")
    assert len(actions) == 8


def _run(line: str) -> None:
    """One command of the page, as symphony_control; `|| ...` says that it may find something."""
    command, _, otherwise = line.partition(" || ")
    program, *arguments = shlex.split(command)
    assert program == "ledgerdb"
    done = CliRunner().invoke(app, arguments, env={"LEDGERDB_ROLE": "symphony_control"})
    assert done.exit_code == (1 if otherwise else 0), (line, done.output)
    assert done.stdout
