"""An upgrade by a plan runs only where nothing moved since the plan was made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config

from ledgerdb.errors import MigrationError
from ledgerdb.migrate.config import PLAN_VARIABLE, Deployment, alembic_config, deployment_of
from ledgerdb.migrate.report import LogReport
from ledgerdb.migrate.signed import read_plan, require_plan

SCHEMA = "a" * 64
FILES = {"0002": {"ddl/0002_x.sql": "b" * 64, "versions/0002_x.py": "c" * 64}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A plan from 0001 to 0002."""
    revisions = [{"revision": name, "files": files} for name, files in FILES.items()]
    written = tmp_path / "plan.json"
    document = {"format": "ledgerdb-plan-1", "revision": "0001", "schema": SCHEMA}
    written.write_text(json.dumps({**document, "revisions": revisions}))
    return written


def test_what_was_planned_may_run(path: Path) -> None:
    require_plan(read_plan(path), revision="0001", schema=SCHEMA, pending=FILES)


@pytest.mark.parametrize(
    ("moved", "said"),
    [
        ({"revision": "0002"}, "made for a database at 0001, and this one is at 0002"),
        ({"revision": None}, "made for a database at 0001, and this one is at base"),
        ({"schema": "d" * 64}, f"planned {SCHEMA}, found {'d' * 64}"),
        ({"pending": FILES | {"0003": {}}}, "does not have revision 0003"),
        (
            {"pending": {"0002": FILES["0002"] | {"ddl/0002_x.sql": "e" * 64}}},
            f"ddl/0002_x.sql of revision 0002 .* planned sha256 {'b' * 64}, found {'e' * 64}",
        ),
        ({"pending": {"0002": {"ddl/0002_x.sql": "b" * 64}}}, "0002_x.py .* found none"),
        (
            {"pending": {"0002": FILES["0002"] | {"ddl/0002_y.sql": "f" * 64}}},
            "ddl/0002_y.sql .* planned sha256 none",
        ),
    ],
)
def test_what_moved_is_named(path: Path, moved: dict[str, Any], said: str) -> None:
    facts: dict[str, Any] = {"revision": "0001", "schema": SCHEMA, "pending": FILES}
    with pytest.raises(MigrationError, match=said):
        require_plan(read_plan(path), **facts | moved)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is no plan: "),
        ("[]", "is no plan of format"),
        ('{"format": "other"}', "is no plan of format ledgerdb-plan-1 .found 'other'"),
        ('{"format": "ledgerdb-plan-1", "revision": "0001"}', "is no complete plan: .*schema"),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(content)
    with pytest.raises(MigrationError, match=said):
        read_plan(path)


def test_a_plan_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="No such file"):
        read_plan(tmp_path / "plan.json")


def test_the_alembic_command_is_told_by_the_environment(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PLAN_VARIABLE, raising=False)
    assert deployment_of(Config()).plan is None
    monkeypatch.setenv(PLAN_VARIABLE, str(path))
    assert deployment_of(Config()).plan == path
    # a program says what it wants: a shadow does not follow the plan of the database
    assert deployment_of(alembic_config(Deployment(None, LogReport()))).plan is None
