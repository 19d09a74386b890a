"""Every block of Python, SQL or console is run, or says why not; none has a mistake of syntax."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import pglast
import pytest

from tests.commands import ROOT
from tests.docs.blocks import LANGUAGES, Block, blocks
from tests.docs.session import commands_of
from tests.docs.shell import mistakes
from tests.docs.test_pages import GUIDES, RUNBOOKS, TUTORIALS

DOCS: Final = ROOT / "docs"
PAGES: Final = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
# Pages with examples that tests of other folders run.
ELSEWHERE: Final = {
    "README.md": "tests/contract/test_documents.py",
    "docs/evidence-packs.md": "tests/packs/test_docs.py",
    "docs/operations.md": "tests/contract/test_operations_document.py",
    "docs/stores.md": "tests/stores/test_document.py",
}
RUN: Final = {*TUTORIALS, *GUIDES, *RUNBOOKS, *(ROOT / page for page in ELSEWHERE)}
# The front page has no room for reasons: heading of a section with commands -> why they do not run.
README: Final = {
    "See it work": "tests/demo and CI run the targets",
    "Use it": "the tutorial for services runs server, upgrade and a program",
    "Migrate": "the tutorial for deployments runs these on two databases",
    "Operate and prove": "tests/verify and tests/retention run each command",
}
# tests/monitoring/test_runbooks_run.py runs their queries and parses their commands.
TRIED: Final = set((DOCS / "runbooks" / "alerts").glob("*.md"))
# Signatures, not statements: tests/tools/test_reference.py compares the page with the catalog.
GENERATED: Final = {DOCS / "reference.md"}
_REASON_CHARS_MIN: Final = 15
_VARIABLE: Final = re.compile(r":'(\w+)'")
_PSQL: Final = re.compile(r"(?<=\s)\\\w+.*$", re.MULTILINE)


def code(page: Path, text: str | None = None) -> list[Block]:
    return [b for b in blocks(page, text) if b.language in LANGUAGES]


def unmarked(found: list[Block], run: set[Path]) -> list[str]:
    """The blocks that nobody runs and that do not say why."""
    return [
        str(block)
        for block in found
        if not (
            (block.mark == "example" and block.page in run)
            or (block.mark == "file" and block.page in run)
            or (block.mark == "not run" and len(block.note) >= _REASON_CHARS_MIN)
        )
    ]


def syntax(block: Block) -> list[str]:
    """The mistakes of a block."""
    if block.language == "console":
        return [m for command in commands_of(block.text) for m in mistakes(command.line)]
    try:
        if block.language == "python":
            ast.parse(block.text)
        else:
            pglast.parse_sql(_PSQL.sub(";", _VARIABLE.sub(r"'\1'", block.text)))
    except (SyntaxError, pglast.parser.ParseError) as error:
        return [str(error)]
    return []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_is_run_or_says_why_not(page: Path) -> None:
    found = code(page)
    if page.name == "README.md":
        text = page.read_text("utf-8").splitlines()
        found = [b for b in found if not (b.language == "console" and section(text, b) in README)]
    if page not in GENERATED:
        assert page in TRIED or unmarked(found, RUN) == []
        assert {str(block): syntax(block) for block in code(page) if syntax(block)} == {}


def section(lines: list[str], block: Block) -> str:
    """The heading above a block."""
    above = [line for line in lines[: block.line] if line.startswith("## ")]
    return above[-1].removeprefix("## ") if above else ""


def test_the_tests_of_other_folders_name_their_pages() -> None:
    for page, test in ELSEWHERE.items():
        assert f'"{Path(page).name}"' in (ROOT / test).read_text("utf-8"), page


def test_there_is_something_to_run() -> None:
    found = [block for page in PAGES for block in code(page)]
    assert {block.language for block in found if block.mark == "example"} == LANGUAGES
    assert sum(block.mark == "example" for block in found) > 80
    assert sum(block.mark == "not run" for block in found) < 40


@pytest.mark.parametrize(
    "text",
    [
        "```python\nprint(1)\n```",
        "text\n```sql\nselect 1;\n```",
        "<!-- not run: later -->\n```console\nledgerdb drift\n```",
        "<!-- a comment -->\n```console\nledgerdb drift\n```",
        "- in a list\n\n  ```python\n  print(1)\n  ```",
    ],
)
def test_an_unmarked_block_is_found(text: str) -> None:
    page = DOCS / "page.md"
    assert unmarked(code(page, text), {page}) == [str(block) for block in code(page, text)] != []


def test_an_example_that_no_test_runs_is_found() -> None:
    page = DOCS / "page.md"
    found = code(page, "<!-- example: a -->\n```python\nprint(1)\n```")
    assert (unmarked(found, {page}), len(unmarked(found, set()))) == ([], 1)


@pytest.mark.parametrize(
    "text",
    [
        "```python\nprint(1\n```",
        "```sql\nselect from where;\n```",
        "```console\nledgerdb upgrad\n```",
        "```console\nledgerdb verify ledgr --json\n```",
        "```console\n$ ledgerdb upgrade --plam plan.json\n```",
        "```console\nexport X=1 && ledgerdb drift --acepted x | head\n```",
        "```console\nmake demmo\n```",
        "```console\npython -m profo model\n```",
        "```console\nfrobnicate --all\n```",
        "```console\necho 'open\n```",
    ],
)
def test_a_mistake_is_found(text: str) -> None:
    (block,) = code(DOCS / "page.md", text)
    assert len(syntax(block)) == 1
