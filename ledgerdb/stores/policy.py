"""Which store may be opened where: the file store is for development, and nothing else.

It fails closed: an ENVIRONMENT that is unset, empty, unknown, or spelled in any other way than
below does not get the file store.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledgerdb.errors import ConfigurationError

__all__ = [
    "DB",
    "ENVIRONMENT_VARIABLE",
    "FILE",
    "FILE_VARIABLE",
    "STORE_VARIABLE",
    "Decision",
    "StoreRefused",
    "Verdict",
    "decide",
    "require",
]

ENVIRONMENT_VARIABLE: Final = "ENVIRONMENT"
STORE_VARIABLE: Final = "LEDGERDB_STORE"
FILE_VARIABLE: Final = "LEDGERDB_STORE_FILE"

DB: Final = "db"
FILE: Final = "file"

_DEVELOPMENT: Final = ("local", "dev", "ci")
_GUARDED: Final = ("staging", "pilot", "prod")
# Names that configurations of today have, and what they mean.
_MODES: Final = {FILE: FILE, DB: DB, "db_psql": DB, "db_npgsql": DB}
_SHOWN_CHARS_MAX: Final = 40


class Verdict(StrEnum):
    """What the policy says."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Decision:
    """The record of one decision; `dataclasses.asdict` makes a JSON object of it.

    Attributes:
        environment: the value of ENVIRONMENT as it was, None where it is unset.
        store_mode: `file` or `db`, where the mode is understood; else the value as it was.
        decision: allow or deny.
        reason: one sentence for whoever has to change a setting.
    """

    environment: str | None
    store_mode: str | None
    decision: Verdict
    reason: str

    @property
    def allowed(self) -> bool:
        """True where the store may be opened."""
        return self.decision is Verdict.ALLOW


class StoreRefused(ConfigurationError):
    """The mode policy denies the store here; nothing was opened or created.

    Attributes:
        decision: its record, for the log of the start that ends here.
    """

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision)
        self.decision = decision

    def __str__(self) -> str:
        return f"store refused: {self.decision.reason}"


def decide(environment: str | None, store_mode: str | None) -> Decision:
    """What the policy says about a store mode in an environment. It never raises.

    Spelling is exact: `Prod` is unknown, and so is `dev` with a blank behind it. Whoever compares
    without case and blanks here may compare otherwise elsewhere, and a typing error must not open
    the file store.

    Args:
        environment: of ENVIRONMENT, None where it is unset.
        store_mode: of LEDGERDB_STORE, None where it is unset, which means `db`.
    """
    mode = DB if store_mode is None else _MODES.get(store_mode)
    if mode is None:
        return Decision(
            environment,
            store_mode,
            Verdict.DENY,
            f"{STORE_VARIABLE} is {_shown(store_mode)}, which is no store:"
            f" it must be {DB} or {FILE} (or one of the older names db_psql and db_npgsql)",
        )
    if mode == DB:
        if store_mode is None:
            named = f"{STORE_VARIABLE} is not set, which means {DB}; "
        elif store_mode != DB:
            named = f"{store_mode} means {DB}; "
        else:
            named = ""
        known = environment in _DEVELOPMENT or environment in _GUARDED
        doubt = "" if known else f" ({_described(environment)}: the file store would be denied)"
        reason = f"{named}the database may be used in every environment{doubt}"
        return Decision(environment, DB, Verdict.ALLOW, reason)
    if environment in _DEVELOPMENT:
        reason = f"{ENVIRONMENT_VARIABLE} is {environment}: the file store is for development"
        return Decision(environment, FILE, Verdict.ALLOW, reason)
    allowed = f"the file store is for {', '.join(_DEVELOPMENT)} only"
    return Decision(environment, FILE, Verdict.DENY, f"{_described(environment)}: {allowed}")


def require(store_mode: str | None) -> Decision:
    """The decision for this process, by its own ENVIRONMENT; nothing passes it in.

    Raises:
        StoreRefused: it is denied.
    """
    decision = decide(os.environ.get(ENVIRONMENT_VARIABLE), store_mode)
    if not decision.allowed:
        raise StoreRefused(decision)
    return decision


def _described(environment: str | None) -> str:
    if environment is None:
        return f"{ENVIRONMENT_VARIABLE} is not set"
    if environment in _GUARDED:
        return f"{ENVIRONMENT_VARIABLE} is {environment}"
    return f"{ENVIRONMENT_VARIABLE} is {_shown(environment)}, which is unknown"


def _shown(value: str | None) -> str:
    """A setting as a message may show it: quoted, escaped, and not endless."""
    text = ascii(value)
    return text if len(text) <= _SHOWN_CHARS_MAX else f"{text[:_SHOWN_CHARS_MAX]}..."
