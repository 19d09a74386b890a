"""Ways to set what the functions read, and whether one of them bends a function."""

from __future__ import annotations

from typing import Final

import psycopg

from proof.attacks.calls import calls
from proof.attacks.grounds import Grounds, outcome
from proof.session import Session

__all__ = ["SETTERS", "wrong_setting"]

# How a login sets it: for itself, for its connection, for a session, for a transaction.
SETTERS: Final = ("role", "connection", "session", "transaction")
_HOSTILE: Final = {"transaction_isolation": "repeatable read"}
_NOTHING: Final = "1"
_LOGIN: Final = "mallory_all"
# These look again in a later statement, and say so.
_AT_READ_COMMITTED: Final = {
    "redrive_dead_letters",
    "retire_history",
    "seal_ledger",
    "set_outbox_control",  # an ordering
}
_LIMITS: Final = "select public.outbox_retry_ceiling(), public._retention_days_min()"


def wrong_setting(grounds: Grounds, setting: str, setter: str) -> str | None:
    """What a hostile value of a setting changes; None where it changes nothing."""
    value = _HOSTILE.get(setting, _NOTHING)
    name = "default_transaction_isolation" if setting == "transaction_isolation" else setting
    right = grounds.rows(_LIMITS)
    if setter == "role":
        grounds.rows(f"alter role {_LOGIN} set {name} = '{value}'")
    options = f"-c {name}={value.replace(' ', chr(92) + ' ')}" if setter == "connection" else ""
    url = grounds.url.replace("//postgres@", f"//{_LOGIN}@")
    try:
        with psycopg.connect(url, options=options, autocommit=True) as connection:
            before = []
            if setter == "session":
                connection.execute(f"set session {name} = '{value}'")
            elif setter == "transaction":
                before = [f"set local {setting} = '{value}'"]
            found = {
                function: outcome(Session(connection), *before, call)
                for function, call in calls(grounds).items()
            }
            if setting == "transaction_isolation":
                found = {f: s for f, s in found.items() if f not in _AT_READ_COMMITTED}
        with psycopg.connect(grounds.url, options=options, autocommit=True) as superuser:
            if setter == "session":
                superuser.execute(f"set session {name} = '{value}'")
            limits = superuser.execute(_LIMITS).fetchall()
    finally:
        grounds.rows(f"alter role {_LOGIN} reset all")
    broken = {function: state for function, state in found.items() if state != "ok"}
    if broken or [tuple(row) for row in right] != limits:
        return f"{setting} set by {setter}: {broken or limits}"
    return None
