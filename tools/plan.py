"""`make plan`: writes migrations/locks.toml, and holds every revision to its waivers.

The whole line after the baseline is traced as the online route runs it. `--check` fails when the
declared locks are not the measured ones, when a statement works for long while writers of a table
wait and no waiver says why, and when a waiver is stale.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ledgerdb.migrate import upgrade
from ledgerdb.migrate.config import POSTGRES_MIN
from ledgerdb.planning.line import TracedRevision, migrations, trace_line
from ledgerdb.planning.shadow import shadow_server, shadowed
from ledgerdb.planning.trace import locks_of
from ledgerdb.planning.waivers import read_waivers, without_waiver

__all__ = ["locks_text", "main", "traced_line"]

BASELINE: Final = "0001"
POSTGRES: Final = 18
_HEAD: Final = """\
# The locks of each revision's transaction on tables that were there before, in the order in which
# the functions take theirs: the runner takes them, together and in this order, before the first
# statement, so it never holds what its own blocker waits for. Measured and written by `make plan`,
# never by hand. Modes that only DDL waits for are left out.
"""
# An item is identified, numbered, queued, attempted; its attestation is written last.
_ORDER: Final = (
    "payment_outbox_identities",
    "participant_outbox_sequences",
    "payment_outbox_pending",
    "payment_outbox_attempts",
    "ingress_attestations",
)
_NOBODY_WAITS: Final = frozenset({"ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE"})


def traced_line(server_url: str | None = None) -> list[TracedRevision]:
    """Every revision after the baseline, as the online route runs it; None: an own server."""
    major = POSTGRES if server_url is None else POSTGRES_MIN
    with shadow_server(major, server_url) as server, shadowed(None, server) as shadow:
        upgrade(shadow.url, BASELINE)
        return list(trace_line(shadow, (BASELINE,), "head"))


def locks_text(line: Sequence[TracedRevision]) -> str:
    """What locks.toml must say."""
    sections = [(item.info.revision, _declared(locks_of(item.batches))) for item in line]
    tables = [f"[{revision}]\n{locks}" for revision, locks in sections if locks]
    return "\n".join([_HEAD, *tables])


def _declared(locks: Mapping[str, str]) -> str:
    def place(table: str) -> tuple[int, str]:
        return _ORDER.index(table) if table in _ORDER else len(_ORDER), table

    return "".join(
        f'{table} = "{locks[table]}"\n'
        for table in sorted(locks, key=place)
        if locks[table] not in _NOBODY_WAITS
    )


def main(arguments: Sequence[str] | None = None, *, folder: Path | None = None) -> int:
    """Exit code: 0 written or as it must be, 1 a difference or a missing or stale waiver."""
    parser = argparse.ArgumentParser(prog="python -m tools.plan", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it differs")
    options = parser.parse_args(arguments)
    folder = folder or migrations()
    path = folder / "locks.toml"
    line = traced_line()
    text = locks_text(line)
    findings = without_waiver(
        read_waivers(folder), [(item.info.revision, item.batches) for item in line]
    )
    if not options.check:
        path.write_text(text, "utf-8", newline="\n")
        print(f"wrote {path.name}")
    else:
        written = path.read_text("utf-8") if path.exists() else ""
        before, after = written.splitlines(), text.splitlines()
        findings += difflib.unified_diff(before, after, path.name, "measured", lineterm="")
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
