"""`make correctness`: writes the counts in docs/correctness.md from evidence/correctness.

A number on that page was measured by a run that left its artefact; `--check` fails when the page
says anything else.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "correctness.md"
EVIDENCE: Final = ROOT / "evidence" / "correctness"
_BLOCK: Final = re.compile(
    r"(?P<begin><!-- counts: (?P<check>[a-z-]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL
)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when the page differs")
    check = parser.parse_args(arguments).check
    old = PAGE.read_text("utf-8")
    new = _BLOCK.sub(_block, old)
    if check and old != new:
        print(f"{PAGE.name} is not what {EVIDENCE.name}/ says: run make correctness")
        return 1
    if not check:
        PAGE.write_text(new, "utf-8")
    return 0


def _block(found: re.Match[str]) -> str:
    artefact = json.loads((EVIDENCE / f"{found['check']}.json").read_text("utf-8"))
    return found["begin"] + "\n".join(_lines(artefact)) + "\n" + found["end"]


def _lines(artefact: dict[str, Any]) -> Iterator[str]:
    details = artefact["details"]
    yield f"| {artefact['status']} | head | reference |"
    yield "|---|--:|--:|"
    for name, count in details["counts"].items():
        yield f"| {name} | {count:,} | |"
    yield f"| violations | {len(details['findings']):,} | |"
    for name, count in details["reference"].items():
        yield f"| {name} | | {count:,} |"
    yield ""
    yield (
        f"Rerun: `{details['command']}`. Seed {details['seed']}, PostgreSQL"
        f" {details['server_version']}, {details['seconds']:.0f} s,"
        f" {artefact['timestamp_utc'][:10]}."
    )


if __name__ == "__main__":
    sys.exit(main())
