"""What `import ledgerdb` loads. Seconds would depend on the machine: modules do not."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Final

import pytest

# Of the async colour, of migrations, of the command line, of telemetry, of the evidence.
NOT_NEEDED: Final = (
    "alembic",
    "greenlet",  # of SQLAlchemy's async engine
    "jinja2",
    "jsonschema",
    "ledgerdb.aio",
    "ledgerdb.cli",
    "ledgerdb.migrate",
    "ledgerdb.worker",
    "opentelemetry",
    "prometheus_client",
    "rich",
    "sqlalchemy.ext.asyncio",
    "starlette",
    "typer",
    "yaml",
)


def loaded_by(program: str) -> set[str]:
    """The modules that a new interpreter has afterwards."""
    program += "; import json, sys; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    return set(json.loads(run.stdout))


@pytest.mark.parametrize("program", ["import ledgerdb", "from ledgerdb import Ledger"])
def test_only_what_it_needs_is_loaded(program: str) -> None:
    loaded = loaded_by(program)
    assert [name for name in NOT_NEEDED if name in loaded] == []


def test_the_package_alone_loads_no_library() -> None:
    """Its names are loaded when they are used."""
    assert loaded_by("import ledgerdb").isdisjoint({"asyncio", "psycopg", "sqlalchemy", "tenacity"})


def test_the_gate_sees_what_is_loaded() -> None:
    loaded = loaded_by("from ledgerdb import AsyncLedger")
    assert {"ledgerdb.aio", "sqlalchemy.ext.asyncio"} <= loaded
