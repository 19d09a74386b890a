"""A package whose imports go up, or whose hot path starts a process, is told so."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledgerdb.verify.evidence import Status
from ledgerdb.verify.floors import findings, of_services, verify_floors
from ledgerdb.verify.imports import modules

# A house in small, sound: what each case adds to a file of it is its only fault.
HOUSE = {
    "__init__.py": "from house.sync import run\ndef __getattr__(name):\n    import house.aio\n",
    "errors.py": "import re\n",
    "rows.py": "",
    "url.py": "import os\nfrom house import errors\n",
    "calls/__init__.py": "from house.calls.outbox import claim\n",
    "calls/outbox.py": "from house import rows\n",
    "sync.py": "from house.calls import claim\ndef run(): ...\n",
    "aio.py": "import asyncio\nfrom house.calls.outbox import claim\n",
    "worker/__init__.py": "from .loop import Worker\n",
    "worker/loop.py": "from ..sync import run\nclass Worker: ...\n",
    "migrate.py": "import subprocess\nfrom house.url import errors\n",
    "verify.py": "from house import migrate\nfrom house.errors import LedgerError\n",
    "cli.py": "import subprocess\nfrom house import verify, worker, run\n",
}
# what is added to which file, and what is said
FAULTS: dict[str, tuple[str, str, str]] = {
    "up": ("errors.py", "from house import calls", "errors imports calls, and must know"),
    "in a function": ("rows.py", "def late():\n    import house.url", "rows imports url"),
    "relative": ("calls/outbox.py", "from ..sync import run", "circle: calls -> sync -> calls"),
    "of a name of the package": (
        "calls/outbox.py",
        "from house import run",
        "circle: __init__ -> aio -> calls -> __init__",
    ),
    "for types": (
        "calls/outbox.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.worker import Worker",
        "circle: calls -> worker -> sync -> calls",
    ),
    "of the command line": ("migrate.py", "import house.cli", "migrate imports cli"),
    "of what it judges": ("verify.py", "from house.calls import claim", "verify imports calls"),
    "of async code": (
        "calls/outbox.py",
        "from asyncio import sleep",
        "house.calls.outbox, which blocking code loads (by house.calls), loads asyncio.sleep",
    ),
    "of an async module": (
        "sync.py",
        "import house.aio",
        "house.aio, which blocking code loads (by house.sync), loads asyncio",
    ),
    "subprocess": (
        "calls/outbox.py",
        "from subprocess import run",
        "house.calls.outbox, on the hot path (by house.aio), imports subprocess",
    ),
    "subprocess, late": (
        "worker/loop.py",
        "def psql():\n    import subprocess as s\n    s.run(['psql'])",
        "house.worker.loop, on the hot path (by house.worker), imports subprocess",
    ),
    "a shell": ("rows.py", "import os\nos.system('psql')", "house.rows, on the hot path"),
    "a shell, under another name": ("rows.py", "from os import popen as p", "imports os.popen"),
    "of asyncio": (
        "aio.py",
        "async def f():\n    await asyncio.create_subprocess_exec('psql')",
        "house.aio, on the hot path (by house.aio), calls asyncio.create_subprocess_exec",
    ),
    "by what it imports": (
        "calls/outbox.py",
        "def f():\n    import house.migrate",
        "house.migrate, on the hot path (by house.calls.outbox), imports subprocess",
    ),
}


def house(folder: Path, file: str = "", fault: str = "") -> list[str]:
    package = folder / "house"
    for name, source in HOUSE.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source + (f"{fault}\n" if name == file else ""))
    return [*findings(modules(package))]


def test_a_sound_house(tmp_path: Path) -> None:
    assert house(tmp_path) == []


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_is_named(what: str, tmp_path: Path) -> None:
    file, fault, said = FAULTS[what]
    found = house(tmp_path, file, fault)
    assert [line for line in found if said in line], found


def test_the_programs_of_the_services_are_hot_and_their_players_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "services"
    files = {
        "__init__.py": "",
        "ingress/__init__.py": "",
        "ingress/__main__.py": "from examples.services.ingress.app import create_app",
        "ingress/app.py": "import examples.services.psql",
        "psql.py": "",
        "play.py": "import subprocess",
    }
    for name, source in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(source)
    assert [*of_services(modules(folder, above="examples."), {})] == []
    (folder / "psql.py").write_text("import subprocess")
    (said,) = of_services(modules(folder, above="examples."), {})
    assert said == (
        "examples.services.psql, on the hot path (by examples.services.ingress.app),"
        " imports subprocess"
    )


def test_what_is_carried_is_no_part(tmp_path: Path) -> None:
    house(tmp_path)
    (tmp_path / "house" / "migrations").mkdir()
    (tmp_path / "house" / "migrations" / "env.py").write_text("import house.cli")
    names = modules(tmp_path / "house", ["migrations"])
    assert "house.worker.loop" in names
    assert "house.migrations.env" not in names


def test_this_one_holds() -> None:
    found = verify_floors()
    assert found.details["findings"] == []
    assert found.status is Status.PASS
    placed = [part for floor in found.details["floors"] for part in floor]
    assert {"errors", "calls", "sync", "aio", "worker", "migrate", "verify", "cli"} <= {*placed}
    assert placed.index("errors") < placed.index("calls") < placed.index("sync")
    assert found.details["hot_path_modules"] > 20
