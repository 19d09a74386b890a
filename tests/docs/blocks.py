"""The code blocks of a Markdown page, each with the comment in front of it.

A block of Python, SQL or console says what a test does with it:

    <!-- example: NAME -->     it is run, in the order of the page (`tests.docs.session`)
    <!-- file: NAME -->        it is saved under this name, for an example further down
    <!-- not run: REASON -->   it is not, and why; its syntax is checked all the same

A block of text behind `<!-- output -->` is what the example before it prints.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt

__all__ = ["LANGUAGES", "Block", "blocks"]

LANGUAGES: Final = frozenset({"console", "python", "sql"})
_MARK: Final = re.compile(r"<!-- (example|file|not run|output)(?:: (.+?))? -->\s*$")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    Attributes:
        line: of the fence, from 1.
        mark: `example`, `file`, `not run`, `output`, or empty.
        note: the name of the example or file, or the reason.
    """

    page: Path
    line: int
    language: str
    text: str
    mark: str
    note: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: Path, text: str | None = None) -> Iterator[Block]:
    """Every fenced block of a page, those in lists and quotes too."""
    tokens = MarkdownIt().parse(page.read_text("utf-8") if text is None else text)
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type != "fence" or token.map is None:
            continue
        match = None
        if before is not None and before.type == "html_block":
            match = _MARK.search(before.content)
        language = (token.info.split() or [""])[0]
        mark, note = (match[1], match[2] or "") if match else ("", "")
        yield Block(page, token.map[0] + 1, language, token.content, mark, note)
