"""The ledger as a command uses it: one connection, and errors that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Final

from ledgerdb.engine import EngineSettings
from ledgerdb.errors import ConfigurationError, DatabaseError, PermissionDenied
from ledgerdb.sync import Ledger

__all__ = ["Needs", "opened"]

# undefined function, table, column or schema: not the revision that this release speaks with
_NOT_THERE: Final = frozenset({"42883", "42P01", "42703", "3F000"})


class Needs(Enum):
    """Which capability a command needs."""

    READER = "symphony_readonly, symphony_auditor or symphony_control"
    OPERATOR = "symphony_control"


@contextmanager
def opened(url: str | None, role: str | None, needs: Needs = Needs.READER) -> Iterator[Ledger]:
    """A ledger for one command.

    Args:
        url: None takes LEDGERDB_URL, else DATABASE_URL.
        role: capability role to act as; None keeps what the login inherits.
        needs: what is named where the server denies it.

    Raises:
        PermissionDenied: the login lacks the capability; the message names it.
        ConfigurationError: no usable URL, or the database has no such functions.
    """
    settings = EngineSettings(
        application_name="cli",
        role=role,
        pool_size=1,
        max_overflow=0,
        durable=needs is Needs.OPERATOR,  # what only reads loses nothing
    )
    with Ledger.connect(url, settings) as ledger:
        try:
            yield ledger
        except PermissionDenied as error:
            raise PermissionDenied(
                f"{error}: this needs {needs.value} (grant it to the login, or give --role)",
                sqlstate=error.sqlstate,
            ) from error
        except DatabaseError as error:
            if error.sqlstate not in _NOT_THERE:
                raise
            raise ConfigurationError(
                f"{error}: the database is not at the revision of this release;"
                " see `ledgerdb current`"
            ) from error
