"""Tries the promises, one after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import psycopg

from proof.ground import HEAD, Ground
from proof.promises import (  # noqa: F401 - each adds its promises to the list
    controls,
    doubts,
    hand,
    history,
    ingress,
    leases,
    limits,
    lists,
    order,
    races,
    races_ingress,
    races_operators,
    reading,
    replays,
    results,
    retention,
    seals,
)
from proof.promises.registry import PROMISES, Promise
from proof.promises.world import Broken, World

__all__ = ["Finding", "Tried", "check_promises", "for_function", "learn"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A promise that was not kept.

    Attributes:
        place: where the promise is written.
        promise: what was promised.
        found: what happened instead.
        seconds: since the first promise was tried.
    """

    place: str
    promise: str
    found: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.place}: {self.promise}: {self.found}"


@dataclass(frozen=True, slots=True)
class Tried:
    """What it took to try a promise on functions without a mistake.

    Attributes:
        functions: that were executed; those that the planner inlines are not seen.
        seconds: that it took.
    """

    functions: frozenset[str]
    seconds: float


def check_promises(
    ground: Ground,
    revision: str = HEAD,
    *,
    replaced: tuple[str, ...] = (),
    promises: Sequence[Promise] = PROMISES,
) -> Iterator[Finding]:
    """Tries every promise, in the order given.

    Args:
        ground: a started server.
        revision: of the databases.
        replaced: functions that they have instead of their own.
        promises: those to be tried.

    Yields:
        The promises that were not kept, as they are found.
    """
    began = time.monotonic()
    with ground.database(revision, replaced=replaced) as url, closing(World(url)) as shared:
        for promise in promises:
            if promise.alone:
                with (
                    ground.database(revision, replaced=replaced) as own,
                    closing(World(own)) as world,
                ):
                    problem = _problem(world, promise)
            else:
                problem = _undone(shared, promise)
            if problem:
                yield Finding(promise.place, promise.text, problem, time.monotonic() - began)


def learn(ground: Ground) -> dict[str, Tried]:
    """Tries every promise once and sees what is executed; the server has track_functions = all."""
    tried: dict[str, Tried] = {}
    with ground.database() as url, closing(World(url)) as shared:
        for promise in PROMISES:
            began = time.monotonic()
            if promise.alone:
                with ground.database() as own:
                    with closing(World(own)) as world:
                        promise.attempt(world)
                    with closing(World(own)) as world:
                        executed = world.rows("select funcname from pg_stat_user_functions")
            else:
                with shared.undone():
                    promise.attempt(shared)
                    executed = shared.rows("select funcname from pg_stat_xact_user_functions")
            functions = frozenset(row["funcname"] for row in executed)
            tried[promise.place] = Tried(functions, time.monotonic() - began)
    return tried


def for_function(function: str, tried: Mapping[str, Tried]) -> list[Promise]:
    """All promises, those first that execute the function, the quick ones before the slow ones."""

    def rank(promise: Promise) -> tuple[bool, float]:
        known = tried[promise.place]
        return (function not in known.functions, known.seconds)

    return sorted(PROMISES, key=rank)


def _undone(world: World, promise: Promise) -> str | None:
    try:
        with world.undone():
            return _problem(world, promise)
    except psycopg.Error as error:  # it was met while undoing
        return _described(error)


def _problem(world: World, promise: Promise) -> str | None:
    try:
        promise.attempt(world)
    except Broken as broken:
        return str(broken)
    except psycopg.Error as error:
        return _described(error)
    except (LookupError, TypeError, ValueError) as error:  # the answer has not even the shape
        return f"{type(error).__name__}: {error}"
    return None


def _described(error: psycopg.Error) -> str:
    return f"{error.sqlstate}: {error}".replace("\n", " ")
