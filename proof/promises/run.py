"""Tries the promises, one after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator
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
    results,
    retention,
    seals,
)
from proof.promises.registry import PROMISES, Promise
from proof.promises.world import Broken, World

__all__ = ["Finding", "check_promises"]


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


def check_promises(
    ground: Ground, revision: str = HEAD, *, replaced: tuple[str, ...] = ()
) -> Iterator[Finding]:
    """Tries every promise; those that can be undone first.

    Args:
        ground: a started server.
        revision: of the databases.
        replaced: functions that they have instead of their own.

    Yields:
        The promises that were not kept, as they are found.
    """
    began = time.monotonic()
    with ground.database(revision, replaced=replaced) as url:
        with closing(World(url)) as world:
            for promise in (one for one in PROMISES if not one.alone):
                if problem := _undone(world, promise):
                    yield _finding(promise, problem, began)
    for promise in (one for one in PROMISES if one.alone):
        with ground.database(revision, replaced=replaced) as url, closing(World(url)) as world:
            if problem := _problem(world, promise):
                yield _finding(promise, problem, began)


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


def _finding(promise: Promise, problem: str, began: float) -> Finding:
    return Finding(promise.place, promise.text, problem, time.monotonic() - began)
