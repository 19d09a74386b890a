"""Names for what a reviewer must know of a statement, in the words of the field.

What was measured says most of them; the statement's tree says what no lock shows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ledgerdb.planning.measure import Effect, block_writers
from ledgerdb.planning.statements import Statement, Tree

__all__ = ["MEANING", "Hazard", "blocking", "hazards_of", "needs_waiver"]

MEANING: Final[Mapping[str, str]] = {
    "ACCESS_EXCLUSIVE_LOCK": "nobody else reads or writes the table until the transaction ends",
    "EXCLUSIVE_LOCK": "nobody else writes the table until the transaction ends",
    "SHARE_ROW_EXCLUSIVE_LOCK": "nobody else writes the table until the transaction ends",
    "SHARE_LOCK": "nobody else writes the table until the transaction ends",
    "TABLE_REWRITE": "the whole table is written anew, indexes too: time and disk by its size",
    "FULL_SCAN": "the table is read, from end to end or as far as the data make necessary",
    "INDEX_BUILD": "an index is built: the table is read and sorted",
    "INDEX_DROPPED": "an index goes, alone or with its constraint: queries may have used it",
    "DELETES_DATA": "rows, a column or a table go",
    "WRITES_DATA": "rows are inserted or updated: how many depends on the data",
    "RUNS_CODE": "a DO block or a call: what it does depends on the data",
    "AUTHZ_UPDATE": "roles, privileges, owners or policies change",
    "FUNCTION_REPLACED": "a function has another body from the commit on, for every session",
    "FUNCTION_DROPPED": "a function goes: who calls it by this signature fails",
}
# They take time by the size of the table. While writers wait for it, somebody must have said why.
_LONG: Final = frozenset({"TABLE_REWRITE", "FULL_SCAN", "INDEX_BUILD"})
_LOCKS: Final = ("ACCESS EXCLUSIVE", "EXCLUSIVE", "SHARE ROW EXCLUSIVE", "SHARE")
# What such a statement reads through an index, it may scan on the live data, where the planner
# decides anew.
_PLANNED: Final = frozenset(
    {"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "SelectStmt", "DoStmt", "CallStmt"}
)
_BY_KIND: Final[Mapping[str, str]] = {
    **dict.fromkeys(("InsertStmt", "UpdateStmt", "MergeStmt", "CopyStmt"), "WRITES_DATA"),
    **dict.fromkeys(("DeleteStmt", "TruncateStmt"), "DELETES_DATA"),
    **dict.fromkeys(("DoStmt", "CallStmt"), "RUNS_CODE"),
    **dict.fromkeys(
        (
            "GrantStmt",
            "GrantRoleStmt",
            "AlterDefaultPrivilegesStmt",
            "AlterOwnerStmt",
            "CreateRoleStmt",
            "AlterRoleStmt",
            "AlterRoleSetStmt",
            "DropRoleStmt",
            "CreatePolicyStmt",
            "AlterPolicyStmt",
        ),
        "AUTHZ_UPDATE",
    ),
}
_BY_OBJECT: Final[Mapping[str, str]] = {
    "OBJECT_TABLE": "DELETES_DATA",
    "OBJECT_MATVIEW": "DELETES_DATA",
    "OBJECT_INDEX": "INDEX_DROPPED",
    "OBJECT_FUNCTION": "FUNCTION_DROPPED",
    "OBJECT_PROCEDURE": "FUNCTION_DROPPED",
    "OBJECT_POLICY": "AUTHZ_UPDATE",
}
_BY_COMMAND: Final[Mapping[str, str]] = {
    "AT_DropColumn": "DELETES_DATA",
    "AT_ChangeOwner": "AUTHZ_UPDATE",
    "AT_EnableRowSecurity": "AUTHZ_UPDATE",
    "AT_DisableRowSecurity": "AUTHZ_UPDATE",
    "AT_ForceRowSecurity": "AUTHZ_UPDATE",
    "AT_NoForceRowSecurity": "AUTHZ_UPDATE",
}


@dataclass(frozen=True, slots=True)
class Hazard:
    """A hazard, and the tables that it concerns; none where it concerns no table."""

    name: str
    tables: tuple[str, ...] = ()


def hazards_of(
    statement: Statement, effect: Effect, reads: frozenset[str], functions: Collection[str]
) -> tuple[Hazard, ...]:
    """What a reviewer must know of a statement.

    Args:
        statement: as parsed.
        effect: as measured.
        reads: tables from before the transaction that it names to read them.
        functions: names of the functions that were there before the revision.
    """
    found = [
        Hazard(f"{mode.replace(' ', '_')}_LOCK", locked)
        for mode in _LOCKS
        if (locked := tuple(sorted(t for t, taken in effect.locks.items() if taken == mode)))
    ]
    # TRUNCATE gives the table a new, empty file, which takes no time
    if effect.rewritten and statement.kind != "TruncateStmt":
        found.append(Hazard("TABLE_REWRITE", effect.rewritten))
    read = {*effect.scanned, *reads}
    if statement.kind in _PLANNED:
        read |= set(effect.looked_up)
    if effect.scanned and _validates(statement):
        # a foreign key is checked by a join, which does not read the other table for no rows
        read |= set(effect.locks)
    if read:
        found.append(Hazard("FULL_SCAN", tuple(sorted(read))))
    if effect.indexed and statement.kind != "TruncateStmt":
        found.append(Hazard("INDEX_BUILD", effect.indexed))
    if effect.unindexed:
        found.append(Hazard("INDEX_DROPPED", effect.unindexed))
    names = {hazard.name for hazard in found}
    found += [Hazard(name) for name in sorted(set(_from_tree(statement, functions)) - names)]
    return tuple(found)


def blocking(effect: Effect) -> tuple[str, ...]:
    """The tables whose writers wait while the statement runs."""
    return tuple(sorted(table for table, mode in effect.held.items() if block_writers(mode)))


def needs_waiver(hazard: Hazard, effect: Effect) -> bool:
    """Whether it takes long by size, and writers of a table that was there before wait for it."""
    return hazard.name in _LONG and bool(hazard.tables) and bool(blocking(effect))


def _validates(statement: Statement) -> bool:
    commands = statement.tree.cmds if statement.kind == "AlterTableStmt" else ()
    return any(command.subtype.name == "AT_ValidateConstraint" for command in commands)


def _from_tree(statement: Statement, functions: Collection[str]) -> Iterator[str]:
    tree = statement.tree
    if name := _BY_KIND.get(statement.kind):
        yield name
    if statement.kind == "CreateFunctionStmt" and tree.funcname[-1].sval in functions:
        yield "FUNCTION_REPLACED"
    if statement.kind == "DropStmt":
        yield from _named(_BY_OBJECT, tree.removeType)
    if statement.kind == "AlterTableStmt":
        for command in tree.cmds:
            yield from _named(_BY_COMMAND, command.subtype)


def _named(names: Mapping[str, str], value: Tree) -> Iterator[str]:
    if found := names.get(value.name):
        yield found
