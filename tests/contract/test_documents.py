"""What the documents say is what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ledgerdb import Ledger, errors
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ROOT / "sqlfunctions"
_CODE = re.compile(r"'((?:P[0-9]|23)[0-9A-Z]{3})'")


def table() -> dict[str, str]:
    """SQLSTATE -> Python class, from the published table."""
    rows = re.findall(r"^\| ((?:`\w{5}`,? ?)+) \| `?([\w-]+)`? \|", _readme(), re.MULTILINE)
    return {code: name for codes, name in rows for code in re.findall(r"`(\w{5})`", codes)}


def _readme() -> str:
    return (FUNCTIONS / "README.md").read_text("utf-8")


def test_every_sqlstate_that_a_function_raises_is_published() -> None:
    raised = {
        code
        for path in [*FUNCTIONS.glob("*.sql"), *(ROOT / "migrations/ddl").glob("*.sql")]
        for code in _CODE.findall(path.read_text("utf-8"))
    }
    assert len(raised) > 10
    assert raised <= set(table())


def test_the_published_classes_are_the_registered_ones() -> None:
    for code, name in table().items():
        if name != "-":
            assert errors.error_for(code).__name__ == name, code
    registered = {code for name in errors.__all__ for code in _codes_of(name)}
    assert registered <= set(table())


def _codes_of(name: str) -> tuple[str, ...]:
    codes: tuple[str, ...] = getattr(getattr(errors, name), "sqlstates", ())
    return codes


@pytest.mark.parametrize("path", sorted(FUNCTIONS.glob("*.sql")), ids=lambda path: path.stem)
def test_every_function_is_listed(path: Path) -> None:
    listed = re.findall(r"`(\w+\*?\w*)`", _readme())
    patterns = [re.escape(name).replace(r"\*", r"\w+") for name in listed]
    assert path.stem.startswith("_") or any(re.fullmatch(p, path.stem) for p in patterns)


def test_the_readme_program_runs(database_url: str) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    match = re.search(r"<!-- example: quickstart -->\n```python\n(.*?)```", readme, re.DOTALL)
    assert match is not None
    program = textwrap.dedent(match[1])
    environment = {"LEDGERDB_URL": database_url, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().split() == ["PENDING", "False"]
        with Ledger.connect(database_url) as ledger:
            until(lambda: ledger.backlog().due + ledger.backlog().leased == 0)
        process.terminate()
        assert process.wait(20) == 0


def test_links_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *FUNCTIONS.glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), (document.name, target)
