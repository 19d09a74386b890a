"""An upgrade that runs only as it was planned: the plan of `ledgerdb plan --out FILE`, required.

A plan is bound to a state: to the schema that it was measured on, to the revision, and to the
bytes of the files. Where one of them moved, nobody signed what would run now.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from ledgerdb.catalog import expected, fingerprint, read
from ledgerdb.errors import MigrationError
from ledgerdb.migrate.config import migrations_dir

__all__ = ["SignedPlan", "read_plan", "require_plan", "schema_of"]

_FORMAT: Final = "ledgerdb-plan-1"
_AGAIN: Final = "make a new plan (ledgerdb plan --out FILE) and have it signed"


@dataclass(frozen=True, slots=True)
class SignedPlan:
    """What a plan is bound to.

    Attributes:
        name: of the file, for messages.
        revision: where the database was; None for base.
        schema: the fingerprint of ledgerdb's objects then.
        files: revision -> folder and name -> SHA-256.
    """

    name: str
    revision: str | None
    schema: str
    files: Mapping[str, Mapping[str, str]]


def read_plan(path: Path) -> SignedPlan:
    """Reads a plan.

    Raises:
        MigrationError: the file cannot be read or is no plan of this format.
    """
    try:
        content: Any = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise MigrationError(f"the plan {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise MigrationError(f"{path} is no plan: {error}") from error
    found = content.get("format") if isinstance(content, dict) else None
    if found != _FORMAT:
        raise MigrationError(f"{path} is no plan of format {_FORMAT} (found {found!r})")
    try:
        return SignedPlan(
            name=path.name,
            revision=content["revision"],
            schema=content["schema"],
            files={item["revision"]: dict(item["files"]) for item in content["revisions"]},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MigrationError(f"{path} is no complete plan: {error!r}") from error


def schema_of(connection: Connection) -> str:
    """The fingerprint of ledgerdb's objects in a database.

    Args:
        connection: in autocommit.
    """
    driver: Any = connection.connection.driver_connection
    return fingerprint(read(driver, expected.at(migrations_dir()).names))


def require_plan(
    plan: SignedPlan,
    *,
    revision: str | None,
    schema: str,
    pending: Mapping[str, Mapping[str, str]],
) -> None:
    """What is about to run is what was planned.

    Args:
        plan: the signed one.
        revision: where the database is; None for base.
        schema: its fingerprint now.
        pending: of each revision that is about to run, its files and their SHA-256.

    Raises:
        MigrationError: something moved since; the message says what.
    """
    if plan.revision != revision:
        raise MigrationError(
            f"{plan.name} was made for a database at {plan.revision or 'base'}, and this one is at"
            f" {revision or 'base'}: {_AGAIN}"
        )
    if plan.schema != schema:
        raise MigrationError(
            f"the schema changed since {plan.name} was made: planned {plan.schema}, found {schema};"
            f" `ledgerdb drift` shows what differs from the revision; {_AGAIN}"
        )
    for name, files in pending.items():
        planned = plan.files.get(name)
        if planned is None:
            raise MigrationError(f"{plan.name} does not have revision {name}: {_AGAIN}")
        for label in sorted(files.keys() | planned.keys()):
            if files.get(label) != planned.get(label):
                raise MigrationError(
                    f"{label} of revision {name} is not the one in {plan.name}: planned sha256"
                    f" {planned.get(label, 'none')}, found {files.get(label, 'none')}; {_AGAIN}"
                )
