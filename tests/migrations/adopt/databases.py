"""Reference databases to adopt, and what must be the same afterwards."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from alembic.script import ScriptDirectory

from ledgerdb.catalog import Catalog, Names, read, without_guests
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import history
from ledgerdb.migrate.adopt import Finding, Inspection, adopt, look_at
from ledgerdb.migrate.adopt.reference import Reference, reference
from ledgerdb.migrate.config import alembic_config
from ledgerdb.migrate.guard import ROLES
from tests.reference.build import known_bodies
from tests.reference.facts import CATALOG

OURS = frozenset(
    row[0]
    for row in CATALOG["tables"]
    if row[0].startswith(("payment_", "participant_outbox", "ingress_", "tenant", "revoked_"))
    or row[0] == "policy_versions"
)


@dataclass(slots=True)
class Heard:
    """A report that remembers what it was told."""

    changed: list[str] = field(default_factory=list)
    blocked_by: list[str] = field(default_factory=list)

    def waiting(self, holder: str) -> None:
        """Nobody else deploys here."""

    def planned(self, changes: int) -> None:
        """Known from the changes."""

    def changing(self, finding: Finding) -> None:
        self.changed.append(finding.key)

    def blocked(self, finding: Finding, by: str) -> None:
        self.blocked_by.append(by)


def facts_of(url: str) -> Reference:
    """The facts, with the bodies of this database as the known ones."""
    return reference().with_bodies(known_bodies(url))


def adopted(url: str, facts: Reference, *accept: str) -> Inspection:
    """Adopts it."""
    return adopt(url, Heard(), accept=accept, facts=facts)


def findings(url: str, facts: Reference, *accept: str) -> dict[str, Finding]:
    """What an inspection finds, by `kind:name`."""
    return {f.key: f for f in look_at(url, accept=accept, facts=facts).findings}


def everything(url: str) -> Catalog:
    """All that is ledgerdb's at head, rights and comments included, without the known guests.

    Without the settings of the database: a clone has not those of its template.
    """
    script = ScriptDirectory.from_config(alembic_config())
    files = history.load_all(history.revisions(script, script.get_heads()), Path(script.dir))
    names = history.names_of(files) | Names(roles=frozenset({"symphony_owner", *ROLES}))
    with psycopg.connect(url) as connection:
        found = without_guests(read(connection, names))
    return {key: value for key, value in found.items() if key.kind != "setting"}


def foreign_domains(server: EmbeddedServer, url: str) -> str:
    """The schema of everything in the database that is not ledgerdb's, as pg_dump writes it.

    Without what revision 0008 grants to symphony_owner, so that the guests' triggers can go on.
    """
    tables = sorted({row[0] for row in CATALOG["tables"]} - OURS)
    dumped = subprocess.run(
        [
            server.bin_dir / "pg_dump",
            "--schema-only",
            *(f"--table=public.{table}" for table in tables),
            url,
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    # newer programs write a random key into it
    left_out = re.compile(r"\\(un)?restrict |GRANT .* TO symphony_owner;")
    return "\n".join(
        line for line in dumped.stdout.splitlines() if line and not left_out.match(line)
    )


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()
