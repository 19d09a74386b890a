"""What a difference means to the ledger, in plain words. No words are better than vague ones."""

from __future__ import annotations

from typing import Final

from ledgerdb.catalog.model import STRUCTURE, Json, Key

__all__ = ["consequence"]

# What others can hang on a table of ours.
_HUNG: Final = STRUCTURE[STRUCTURE.index("column") : STRUCTURE.index("policy") + 1]
_FOREIGN: Final = "foreign, hung on ours; "
_WRITES: Final = {"INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES", "MAINTAIN"}
_WITH_TOKENS: Final = ("payment_outbox_pending", "payment_outbox_attempts")


def consequence(key: Key, expected: Json, found: Json) -> str:
    """The consequence of a difference, or nothing.

    Args:
        key: the object that differs.
        expected: how the migrations make it; None: they do not.
        found: how it is in the database; None: it is not.
    """
    explain = _BY_KIND.get(key.kind)
    words = "" if explain is None else explain(key, expected, found)
    return f"{_FOREIGN}{words}" if expected is None and key.kind in _HUNG else words


def _table(key: Key, expected: Json, found: Json) -> str:
    if found is None:
        return "its rows are gone, and every function that uses it fails"
    if expected is None:
        return ""
    if expected.get("persistence") != found.get("persistence"):
        return "a crash empties it, and standbys do not have its rows"
    if expected.get("row_security") != found.get("row_security"):
        return "policies can hide rows from readers, or from the ledger itself where forced"
    if any(expected.get(part) != found.get(part) for part in ("kind", "inherits", "partition")):
        return f"{key.name} is not the table that the functions were written for"
    return "storage, speed or replication only: results stay right"


def _column(key: Key, expected: Json, found: Json) -> str:
    if found is None:
        return "functions and views that name it fail"
    if expected is None:
        refuses = not found["nullable"] and not {"default", "generated", "identity"} & found.keys()
        return "inserts of ledgerdb fail for want of a value" if refuses else "nothing fills it"
    if expected["type"] != found["type"]:
        return "values can be cut, refused or read differently"
    if expected["nullable"] != found["nullable"]:
        return (
            "rows without a value can be written"
            if found["nullable"]
            else "rows that ledgerdb writes without a value are refused"
        )
    if expected.get("default") != found.get("default"):
        return "rows that do not name it are written with another value"
    return ""


def _index(key: Key, expected: Json, found: Json) -> str:
    unique = "CREATE UNIQUE" in (expected or found)["definition"]
    if expected is None:
        return (
            "may refuse rows that ledgerdb writes; every write pays for it"
            if unique
            else "every write pays for it; results stay right"
        )
    if found is not None and expected["definition"] == found["definition"]:
        return (
            "does not hold for all rows, and no query uses it"
            if unique
            else "every write pays for it and no query uses it"
        )
    return "duplicates may be written" if unique else "what it makes fast reads the whole table"


def _constraint(key: Key, expected: Json, found: Json) -> str:
    if expected is None:
        return "may refuse rows that ledgerdb writes"
    if found is None or not found["enforced"]:
        return "rows that it must refuse can be written"
    if not found["validated"]:
        return "rows from before it was added may break it"
    return "refuses other rows than it must"


def _trigger(key: Key, expected: Json, found: Json) -> str:
    table, _, name = key.name.partition(".")
    if expected is None:
        return "runs on every write with the rights of the ledger's owner: may change or refuse it"
    if name.startswith("trg_deny_"):
        if found is not None and found["enabled"] == "origin":
            return f"{table} can be edited in sessions that replicate"
        return f"append-only guard: rows of {table} can be changed or removed"
    return f"a check of ledgerdb does not run as it must on writes to {table}"


def _function(key: Key, expected: Json, found: Json) -> str:
    if found is None:
        return "callers fail"
    if expected is None:
        return "may be called in place of ledgerdb's own"
    if any(expected.get(part) != found.get(part) for part in ("body", "sha256", "language")):
        return "runs code that no migration installed"
    if expected["security"] != found["security"]:
        return (
            "runs with the rights of its owner for whoever may call it"
            if found["security"] == "definer"
            else "fails for callers that may not touch the tables themselves"
        )
    if expected.get("settings") != found.get("settings"):
        return "names in it are looked up along another path, or under other settings"
    return ""


def _view(key: Key, expected: Json, found: Json) -> str:
    if found is None:
        return "readers and dashboards fail"
    return "" if expected is None else "readers see something else than what it promises"


def _enum(key: Key, expected: Json, found: Json) -> str:
    if found is None:
        return "every function that uses it fails"
    return "functions meet, or write, states that they do not know"


def _owner(key: Key, expected: Json, found: Json) -> str:
    rest = ", and it runs with that role's rights" if key.name.startswith("function ") else ""
    return f"{found} can change, drop and grant it{rest}"


def _grant(key: Key, expected: Json, found: Json) -> str:
    label, _, grantee = key.name.rpartition(" to ")
    kind, _, name = label.partition(" ")
    if grantee == "its owner":
        return "functions that run as the owner fail"
    held = set((found or {}).get("privileges", ()))
    more = held - set((expected or {}).get("privileges", ()))
    reads = (kind == "column" and name.endswith(".lease_token")) or name in _WITH_TOKENS
    if kind in {"schema", "database"}:
        words = "can put objects beside the ledger's that are found first"
    elif more & _WRITES:
        words = "can write or block it past the functions"
    elif reads and "SELECT" in more:
        words = "reads lease tokens: whoever has one can complete that payment"
    elif more:
        words = "can call it" if kind == "function" else "can use it"
    elif held == set((expected or {}).get("privileges", ())):
        words = "can pass it on, or no longer"
    else:
        words = "is refused what it must be able to do (42501)"
    return f"{grantee} {words}"


def _role(key: Key, expected: Json, found: Json) -> str:
    if found is None:
        return "privileges of ledgerdb have nobody to go to"
    more = set(found["attributes"]) - set((expected or {}).get("attributes", ()))
    if more & {"LOGIN", "SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"}:
        return f"{key.name} can do more than ledgerdb gives it"
    return f"what members of {key.name} can do is not what ledgerdb gives them"


def _setting(key: Key, expected: Json, found: Json) -> str:
    if key.name == "session_replication_role":
        return "triggers and foreign keys do not run as they must in sessions of this database"
    return "sessions wait or work without the bound (milliseconds)"


_BY_KIND: Final = {
    "table": _table,
    "column": _column,
    "index": _index,
    "constraint": _constraint,
    "reference": lambda *_: "rows of ours that it refers to cannot be removed; writes lock them",
    "inheritance": lambda *_: "its rows appear in our table, past our keys and triggers",
    "trigger": _trigger,
    "rule": lambda *_: "statements on the table are rewritten",
    "policy": lambda *_: "decides which rows a role sees or writes, where row security is on",
    "view": _view,
    "sequence": lambda *_: "numbers of ledgerdb may repeat, run out or come in another order",
    "enum": _enum,
    "function": _function,
    "owner": _owner,
    "grant": _grant,
    "default_privilege": lambda *_: "what ledgerdb creates later starts with other privileges",
    "role": _role,
    "member": lambda *_: "can do with every object of ledgerdb what its owner can",
    "setting": _setting,
    "comment": lambda *_: "documentation only",
}
