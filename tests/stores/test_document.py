"""docs/stores.md: its example runs on both stores, its policy table is the policy."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from ledgerdb import errors
from ledgerdb.stores import decide
from tests.commands import ROOT

PAGE = (ROOT / "docs" / "stores.md").read_text("utf-8")


@pytest.mark.parametrize("mode", ["db", "file"])
def test_the_example(store_url: str, tmp_path: Path, mode: str) -> None:
    found = re.search(r"<!-- example: stores -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    environment = {
        "ENVIRONMENT": "dev",
        "LEDGERDB_STORE": mode,
        "LEDGERDB_STORE_FILE": str(tmp_path / "ledger.db"),
        "LEDGERDB_URL": store_url,
    }
    done = subprocess.run(
        [sys.executable, "-c", found[1]],
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("PENDING False\nTrue\n", "")


def test_the_policy_table() -> None:
    section = PAGE.partition("## Which store may be opened where")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.*) \| (allow|deny) \| (allow|deny) \|$", section, re.MULTILINE)
    environments = []
    for described, file, db in rows:
        named: list[str | None] = re.findall(r"`([^`]+)`", described)
        if "not set, empty" in described:
            named += [None, "", "something"]
        environments += named
        for environment in named:
            assert decide(environment, "file").decision == file, environment
            assert decide(environment, "db").decision == db, environment
    assert {"local", "dev", "ci", "staging", "pilot", "prod", "dev ", None} <= set(environments)


def test_the_record() -> None:
    found = re.search(r"```json\n(.*)\n```", PAGE)
    assert found is not None
    record = json.loads(found[1])
    assert record == asdict(decide(record["environment"], record["store_mode"]))


def test_the_errors_are_errors() -> None:
    table = PAGE.partition("| raised |")[2].partition("\n\n")[0]
    names = re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
    assert len(names) == 7
    assert set(names) <= set(errors.__all__)
