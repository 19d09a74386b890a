"""The matrix of `matrix.toml`: which role reads, uses and executes what."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

__all__ = ["SCHEMA", "Matrix", "load"]

SCHEMA: Final = "public"


@dataclass(frozen=True, slots=True)
class Matrix:
    """What is allowed; anything else is not.

    Attributes:
        owner: of everything.
        roles: the runtime roles, by full name.
        secret_columns: columns that nobody reads, whatever relation has them.
        core: how the names of the tables begin that hold payments.
        readers: relation -> roles that read it.
        sequences: which nobody uses.
        types: which every role uses.
        executors: signature -> roles that execute it.
        definers: signatures of the functions that run with the rights of the owner.
    """

    owner: str
    roles: tuple[str, ...]
    secret_columns: frozenset[str]
    core: tuple[str, ...]
    readers: Mapping[str, frozenset[str]]
    sequences: frozenset[str]
    types: frozenset[str]
    executors: Mapping[str, frozenset[str]]
    definers: frozenset[str]


def load() -> Matrix:
    """The matrix of this release."""
    found = tomllib.loads(files(__package__).joinpath("matrix.toml").read_text("utf-8"))

    def full(names: list[str]) -> frozenset[str]:
        return frozenset(found["prefix"] + name for name in names)

    return Matrix(
        owner=found["owner"],
        roles=tuple(sorted(full(found["roles"]))),
        secret_columns=frozenset(found["secret_columns"]),
        core=tuple(found["core"]),
        readers={
            name: full(group["readers"]) for group in found["relations"] for name in group["names"]
        },
        sequences=frozenset(found["sequences"]),
        types=frozenset(found["types"]),
        executors={
            signature: full(group["roles"])
            for group in found["functions"]
            for signature in group["signatures"]
        },
        definers=frozenset(
            signature
            for group in found["functions"]
            if group["definer"]
            for signature in group["signatures"]
        ),
    )
