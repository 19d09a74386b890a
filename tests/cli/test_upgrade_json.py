"""`ledgerdb upgrade --json`: what was applied, for machines."""

from __future__ import annotations

import json
from typing import Any

import psycopg
from typer.testing import CliRunner

from ledgerdb.cli import app
from ledgerdb.embedded import EmbeddedServer


def test_what_was_applied(
    server_18: EmbeddedServer, client_baseline_18: psycopg.Connection[Any]
) -> None:
    url = server_18.url(client_baseline_18.info.dbname)
    for applied in (["0002"], []):
        done = CliRunner().invoke(app, ["upgrade", "0002", "--json", "--url", url])
        assert (done.exit_code, done.output.count("\n")) == (0, done.stderr.count("\n") + 1)
        assert json.loads(done.stdout) == {
            "revision": "0002",
            "verified": True,
            "applied": applied,
        }


def test_a_script_is_no_json() -> None:
    done = CliRunner().invoke(app, ["upgrade", "--sql", "--json"])
    assert done.exit_code == 2
    assert "no JSON" in done.stderr
