"""`make verbs`: writes the async verbs from the blocking ones, which are the one definition.

`--check` fails when an async file is not what its blocking file makes.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "ledgerdb"
# The blocking file -> the async file that is made from it.
PAIRS: Final[Mapping[str, str]] = {
    "stores/blocking.py": "stores/awaited.py",
    "verbs/blocking.py": "verbs/awaited.py",
    "verbs/ingress.py": "verbs/awaited_ingress.py",
    "verbs/operations.py": "verbs/awaited_operations.py",
    "verbs/reading.py": "verbs/awaited_reading.py",
}
_CHANGES: Final[Sequence[tuple[str, str]]] = (
    (
        r'\A"""The blocking ',
        '# Written by `make verbs` from SOURCE, which is the one to change.\n"""The async ',
    ),
    (r"^    def (?!__init__|connect)", "    async def "),
    (r"__(enter|exit)__", r"__a\1__"),
    (r"self\.(execute|ping|close|ledger\.\w+)\(", r"await self.\1("),
    (r"self\.file\.(\w+)\(\)", r"await to_thread(self.file.\1)"),
    (r"self\.file\.(\w+)\((?=\w)", r"await to_thread(self.file.\1, "),
    (r"\b((Ingress|Operator|Reading)?Verbs|(Postgres|File)?Store|Ledger)\b", r"Async\1"),
    (r"\bopen_store\b", "open_async_store"),
    (r"ledgerdb\.verbs\.(ingress|operations|reading)\b", r"ledgerdb.verbs.awaited_\1"),
    (r"^from ledgerdb\.sync import", "from asyncio import to_thread\nfrom ledgerdb.aio import"),
)


def awaited(source: str, blocking: str) -> str:
    """The async file for the text of the blocking file of that name."""
    path = FOLDER / PAIRS[blocking]  # ruff tells our own modules by the folder
    for pattern, replacement in _CHANGES:
        text = replacement.replace("SOURCE", blocking)
        source = re.sub(pattern, text, source, flags=re.MULTILINE)
    for command in (["check", "--select", "I", "--fix"], ["format"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--quiet", "--stdin-filename", path, "-"],
            input=source,
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        source = done.stdout
    return source


def main(arguments: Sequence[str] | None = None, *, folder: Path = FOLDER) -> int:
    """Exit code: 0 written or equal, 1 a file differs."""
    parser = argparse.ArgumentParser(prog="python -m tools.verbs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if one differs")
    options = parser.parse_args(arguments)
    different = 0
    for blocking, asynchronous in PAIRS.items():
        path = folder / asynchronous
        text = awaited((folder / blocking).read_text("utf-8"), blocking)
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if options.check:
            print(f"{asynchronous} is not what {blocking} makes: run `make verbs`")
            different = 1
        else:
            path.write_text(text, "utf-8", newline="\n")
            print(f"wrote {asynchronous}")
    return different


if __name__ == "__main__":
    sys.exit(main())
