"""ADR 0001: imports go down only, a witness shares no code with what it judges, and no path that a
payment takes starts a process.

That there are floors means that the imports between the parts have no circle: the floor of a part
is then how many lie below it. This is found in the sources themselves, in no list of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import ledgerdb
from ledgerdb.verify.evidence import Evidence, Status, checkout, git_sha, timestamp_utc
from ledgerdb.verify.fingerprint import head_fingerprint
from ledgerdb.verify.imports import Module, modules, reached, resolved

__all__ = ["ARTEFACT", "CHECK_ID", "findings", "of_services", "verify_floors"]

CHECK_ID: Final = "architecture_floors"
ARTEFACT: Final = "phase1/architecture_floors.json"

# Of a wheel: the migrations travel inside of the package, and are no part of it.
_CARRIED: Final = ("migrations", "sqlfunctions")
_EXAMPLES: Final = "examples"
_SERVICES: Final = "services"
# what a service is started as; its players and load generators are none
_PROGRAMS: Final = ("ingress.__main__", "worker.__main__")
_PUBLIC: Final = "__init__"
# What a witness may know: who migrates, and where a database is; nothing that reads or writes one.
_WITNESS_MAY: Final = frozenset(
    {"_locks", "_programs", "_version", "catalog", "embedded", "errors", "migrate", "url", "verify"}
)
# parts that only the standard library may be below
_PLAIN: Final = frozenset({"errors", "rows"})
# What services import: everything that these load is on the path of a payment.
_HOT: Final = ("sync", "aio", "worker", "stores")
_BLOCKING: Final = ("sync",)
_ASYNC: Final = ("asyncio", "greenlet", "sqlalchemy.ext.asyncio")


def verify_floors() -> Evidence:
    """Reads the sources of this installation, and of the services beside a checkout.

    Raises:
        ConfigurationError: no commit to name in the evidence.
        OSError: a source cannot be read.
    """
    root = checkout()
    package = Path(ledgerdb.__file__).resolve().parent
    known = modules(package, _CARRIED)
    services = {} if root is None else modules(root / _EXAMPLES / _SERVICES, above=f"{_EXAMPLES}.")
    wrong = list(dict.fromkeys([*findings(known), *of_services(services, known)]))
    return Evidence(
        check_id=CHECK_ID,
        timestamp_utc=timestamp_utc(),
        git_sha=git_sha(),
        status=Status.FAIL if wrong else Status.PASS,
        schema_fingerprint=head_fingerprint(),
        details={
            "findings": wrong,
            "modules": len(known),
            "services": len(services),
            "floors": _floors(_parts(known)),
            "hot_path_modules": len(reached(_named(known, _HOT), known)),
        },
    )


def findings(known: Mapping[str, Module]) -> Iterator[str]:
    """What is wrong between the modules of a package; the first of them names it."""
    package = min(known, key=len)
    parts = _parts(known)
    if circle := _circle(parts):
        yield f"imports go in a circle: {' -> '.join(circle)}"
    for part in sorted(parts):
        if part not in {"cli", "__main__"} and "cli" in parts[part]:
            yield f"{part} imports cli, which is above everything"
        if part in _PLAIN and (above := sorted(parts[part] - _PLAIN)):
            yield f"{part} imports {', '.join(above)}, and must know the standard library only"
    judged = sorted(parts.get("verify", frozenset()) - _WITNESS_MAY - {_PUBLIC})
    yield from (f"verify imports {part}, which it judges" for part in judged)
    yield from _starting(reached(_named(known, _HOT), known), known)
    blocking = reached([package, *_named(known, _BLOCKING)], known, at_once=True)
    for name, by in sorted(blocking.items()):
        used = [one for one in sorted(known[name].loads) if one.startswith(_ASYNC)]
        if used:
            yield f"{name}, which blocking code loads (by {by}), loads {', '.join(used)}"


def of_services(services: Mapping[str, Module], known: Mapping[str, Module]) -> Iterator[str]:
    """What the programs of the reference services reach that starts a process."""
    roots = [f"{_EXAMPLES}.{_SERVICES}.{program}" for program in _PROGRAMS]
    everything = {**known, **services}
    yield from _starting(reached(roots, everything), everything)


def _starting(came: Mapping[str, str], known: Mapping[str, Module]) -> Iterator[str]:
    for name, by in sorted(came.items()):
        yield from (f"{name}, on the hot path (by {by}), {start}" for start in known[name].starts)


def _named(known: Mapping[str, Module], parts: tuple[str, ...]) -> list[str]:
    package = min(known, key=len)
    return [f"{package}.{part}" for part in parts if f"{package}.{part}" in known]


def _parts(known: Mapping[str, Module]) -> dict[str, frozenset[str]]:
    """Part -> the other parts that it imports; a name of the package itself is `__init__`."""
    package = min(known, key=len)
    found: dict[str, set[str]] = {}
    for name, module in known.items():
        mine = _part(package, name)
        meant = {resolved(imported, known) for imported in module.imports}
        used = {_part(package, one) for one in meant & known.keys()}
        found.setdefault(mine, set()).update(used - {mine})
    return {part: frozenset(used) for part, used in found.items()}


def _part(package: str, name: str) -> str:
    return name.split(".")[1] if name != package else _PUBLIC


def _circle(parts: Mapping[str, frozenset[str]]) -> list[str]:
    """One circle of imports, its first part again at the end; empty where there is none."""
    done: set[str] = set()

    def follow(path: list[str]) -> list[str]:
        for used in sorted(parts[path[-1]]):
            if used in path:
                return [*path[path.index(used) :], used]
            if used not in done and (found := follow([*path, used])):
                return found
        done.add(path[-1])
        return []

    return next((found for part in sorted(parts) if (found := follow([part]))), [])


def _floors(parts: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """The parts from the ground up; those of a circle, and above one, are on none."""
    floors: list[list[str]] = []
    placed: set[str] = set()
    while floor := sorted(part for part in parts if part not in placed and parts[part] <= placed):
        floors.append(floor)
        placed |= set(floor)
    return floors
