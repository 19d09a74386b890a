"""The examples of the pages run, in the order of each page, and print what the pages show."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledgerdb.embedded import EmbeddedServer
from tests.commands import ROOT
from tests.docs.session import Session

DOCS = ROOT / "docs"
TUTORIALS = [DOCS / "tutorials" / f"{name}.md" for name in ("deployment", "service", "audit")]
GUIDES = [DOCS / "how-to" / f"{name}.md" for name in ("run-a-worker", "retention")]
RUNBOOKS = sorted((DOCS / "runbooks" / "sqlstates").glob("*.md"))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", TUTORIALS, ids=lambda p: p.stem)
def test_a_tutorial_runs_from_nothing(
    page: Path, reader_server: EmbeddedServer, tmp_path: Path
) -> None:
    assert Session(reader_server.url(), tmp_path, ROOT).run(page) > 5


@pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])
def test_guides_run_on_any_ledger(database_url: str, tmp_path: Path) -> None:
    session = Session(database_url, tmp_path, ROOT)
    for page in GUIDES:
        assert session.run(page) > 0, page.name


@pytest.mark.parametrize("version", [18], indirect=True, ids=["pg18"])
def test_whoever_is_on_call_may_run_what_the_runbooks_show(
    database_url: str, tmp_path: Path
) -> None:
    control = Session(f"{database_url}&options=-c%20role%3Dsymphony_control", tmp_path, ROOT)
    dba = Session(database_url, tmp_path, ROOT)
    for page in RUNBOOKS:
        assert control.run(page, only="find") + dba.run(page, only="dba") == 1, page.name
