"""docs/reference.md: every object, as the catalog and the heads of the files have it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

import tools.reference
from ledgerdb.embedded import EmbeddedServer
from tests.commands import ROOT
from tests.migrations.project import HEAD
from tools.headers import header_of, sqlstates
from tools.reference import PAGE, main, page


def test_the_page_is_what_the_catalog_says(
    client_head_18: psycopg.Connection[tuple[object, ...]],
    server_18: EmbeddedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = client_head_18.info.dbname

    @contextmanager
    def at_head() -> Iterator[tuple[EmbeddedServer, str, str]]:
        yield server_18, name, HEAD

    monkeypatch.setattr(tools.reference, "database_at_head", at_head)
    assert main(["--check"]) == 0
    stale = tmp_path / "reference.md"
    stale.write_text(PAGE.read_text().replace("Append-only", "Append only", 1))
    assert main(["--check"], path=stale) == 1
    assert "+Append-only proof of acceptance" in capsys.readouterr().out
    assert main([], path=stale) == 0
    assert main(["--check"], path=stale) == 0


def test_it_is_the_same_on_every_version(
    connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    assert page(connection, HEAD) == PAGE.read_text()


def test_every_function_says_its_locks_and_errors() -> None:
    for path in (ROOT / "sqlfunctions").glob("*.sql"):
        header = header_of(path.read_text())
        assert header.locks
        assert header.raises


@pytest.mark.parametrize(
    "text",
    [
        "",
        "create function x",
        "-- x: does it.\n-- Locks: none.\ncreate",
        "-- x: does it. Raises: nothing. Locks: none.\n",
    ],
)
def test_a_head_without_its_parts_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the head must say"):
        header_of(text)


def test_sqlstates_are_read_from_the_published_table() -> None:
    published = (ROOT / "sqlfunctions" / "README.md").read_text()
    codes = {code: python for code, python, _ in sqlstates(published)}
    assert codes["`P7002`"] == "`LeaseLost`"
    assert codes["`40001`, `40P01`, `55P03`"] == "`Contention`"
