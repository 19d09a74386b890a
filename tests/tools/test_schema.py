"""migrations/schema.sql is what the migrations make, and the check says when it is not."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from ledgerdb.embedded import EmbeddedServer
from tests.migrations.databases import query
from tools import schema


@pytest.fixture(scope="module")
def made() -> str:
    """What the migrations make now."""
    return schema.current()


def test_check(
    made: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(schema, "current", lambda: made)
    path = tmp_path / "schema.sql"
    assert schema.main(["--check"], path=path) == 1  # there is no file
    assert schema.main([], path=path) == 0
    assert path.read_text() == made
    capsys.readouterr()
    assert schema.main(["--check"], path=path) == 0
    assert capsys.readouterr().out == ""

    path.write_text(
        made.replace("attempt_count integer DEFAULT 0", "attempt_count bigint DEFAULT 0")
    )
    assert schema.main(["--check"], path=path) == 1
    difference = capsys.readouterr().out
    assert "-    attempt_count bigint" in difference
    assert "+    attempt_count integer" in difference


def test_the_text_depends_on_nothing_but_the_schema(made: str, tmp_path: Path) -> None:
    assert made.startswith("-- Schema of ledgerdb at revision ")
    assert made.endswith("\n")
    for varying in ("Dumped", "restrict", "OWNER TO", str(tmp_path.anchor) + "tmp"):
        assert varying not in made
    assert "CREATE FUNCTION public.claim_outbox_batch(" in made
    assert "GRANT" in made


def test_a_dump_shows_a_change(
    server_18: EmbeddedServer, client_head_18: psycopg.Connection[object]
) -> None:
    name, url = client_head_18.info.dbname, server_18.url(client_head_18.info.dbname)
    before = schema.dump(server_18, name)
    query(url, "comment on table public.tenants is 'changed'")
    after = schema.dump(server_18, name)
    assert set(after.splitlines()) - set(before.splitlines()) == {
        "COMMENT ON TABLE public.tenants IS 'changed';"
    }
