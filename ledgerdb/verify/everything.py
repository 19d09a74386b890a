"""`ledgerdb verify all`: every verifier in turn, then the contract, then every artefact."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import LedgerError
from ledgerdb.url import database_url
from ledgerdb.verify import contract
from ledgerdb.verify.artefacts import Soundness, artefacts
from ledgerdb.verify.contract_file import load
from ledgerdb.verify.evidence import Evidence, Status, checkout
from ledgerdb.verify.registry import VERIFIERS, Found, Grounds, Verifier
from ledgerdb.verify.scratch import scratch_database

__all__ = ["Outcome", "Result", "verify_all", "write_contract"]

_ONLY_IN_USE: Final = "about a database in use: give --url"
_ONLY_IN_A_CHECKOUT: Final = "about a checkout: this is an installed package"

Progress = Callable[[str], None]


class Result(StrEnum):
    """How a verifier ended."""

    PASS = "PASS"  # noqa: S105 - of a check
    FAIL = "FAIL"
    SKIPPED = "SKIPPED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one verifier.

    Attributes:
        verifier: its name, as in `ledgerdb verify NAME`.
        result: UNKNOWN where it could not be found out.
        said: its findings; or why it was skipped, or could not be found out.
        artefacts: that it wrote, below the folder.
        seconds: that it took.
    """

    verifier: str
    result: Result
    said: tuple[str, ...] = ()
    artefacts: tuple[str, ...] = ()
    seconds: float = 0.0


def verify_all(
    folder: Path,
    url: str | None = None,
    *,
    quick: bool = False,
    progress: Progress = lambda _step: None,
    verifiers: Mapping[str, Verifier] = VERIFIERS,
) -> Iterator[Outcome]:
    """Runs them one after the other; one that fails or breaks stops no other.

    Args:
        folder: where the evidence is written.
        url: a database in use, which is only read: what torments one does it on an embedded server
            still. None makes a database on an embedded server, for all of them.
        quick: smaller sizes of those that measure.
        progress: is told of each step.
        verifiers: which.

    Raises:
        ConfigurationError: the URL is none; or there is no embedded server.
        DatabaseUnavailable: the embedded server did not start.
    """
    with _grounds(url, quick=quick, progress=progress) as grounds:
        for name, verifier in verifiers.items():
            progress(name)
            if why := _skipped(verifier, grounds):
                yield Outcome(verifier=name, result=Result.SKIPPED, said=(why,))
            else:
                yield _timed(name, partial(_run, verifier, grounds, folder))
    if checkout() is None:
        yield Outcome(verifier="contract", result=Result.SKIPPED, said=(_ONLY_IN_A_CHECKOUT,))
    else:
        progress("contract")
        yield _timed("contract", lambda: _weigh(write_contract(folder, verifiers=verifiers)))
    progress("evidence")
    yield _timed("evidence", lambda: _sound(folder))


def write_contract(
    folder: Path,
    out: Path | None = None,
    *,
    file: Path | None = None,
    verifiers: Mapping[str, Verifier] = VERIFIERS,
) -> Found:
    """Judges the evidence of a folder by the contract, and writes both of its artefacts.

    Args:
        folder: of the evidence.
        out: where the two are written; None writes them into the folder.
        file: another contract than that of this release.
        verifiers: that are wired.

    Raises:
        ConfigurationError: the contract is none, or a commit cannot be named or looked for.
        OSError: something cannot be read or written.
    """
    agreed = load(file)
    status = contract.contract_status(agreed, verifiers, folder)
    found = {contract.STATUS: status, contract.CLOSEOUT: contract.closing(agreed, status)}
    for path, evidence in found.items():
        evidence.write((out or folder) / path)
    return found


@contextmanager
def _grounds(url: str | None, *, quick: bool, progress: Progress) -> Iterator[Grounds]:
    if url is not None:
        yield Grounds(
            url=database_url(url), scratch=None, in_use=True, quick=quick, progress=progress
        )
        return
    progress("making the scratch database")
    with EmbeddedServer() as server, scratch_database(server.url()) as scratch:
        yield Grounds(
            url=scratch, scratch=server.url(), in_use=False, quick=quick, progress=progress
        )


def _skipped(verifier: Verifier, grounds: Grounds) -> str:
    """Why the verifier has nothing to look at; empty where it has."""
    if verifier.in_use_only and not grounds.in_use:
        return _ONLY_IN_USE
    return _ONLY_IN_A_CHECKOUT if verifier.checkout_only and checkout() is None else ""


def _timed(name: str, run: Callable[[], tuple[Found, tuple[str, ...]]]) -> Outcome:
    began = time.monotonic()
    try:
        found, said = run()
    except (LedgerError, OSError) as error:
        result, said, found = Result.UNKNOWN, (str(error),), {}
    except Exception as error:  # noqa: BLE001 - one that breaks proves nothing, and stops no other
        result, said, found = Result.UNKNOWN, (f"{type(error).__name__}: {error}",), {}
    else:
        failed = any(evidence.status is Status.FAIL for evidence in found.values())
        result = Result.FAIL if said or failed else Result.PASS
    return Outcome(
        verifier=name,
        result=result,
        said=said,
        artefacts=tuple(found),
        seconds=round(time.monotonic() - began, 2),
    )


def _run(verifier: Verifier, grounds: Grounds, folder: Path) -> tuple[Found, tuple[str, ...]]:
    found = verifier.run(grounds)
    for path, evidence in found.items():
        evidence.write(folder / path)
    return _weigh(found)


def _weigh(found: Found) -> tuple[Found, tuple[str, ...]]:
    said = dict.fromkeys(line for evidence in found.values() for line in _findings(evidence))
    return found, tuple(said)


def _findings(evidence: Evidence) -> list[str]:
    return [str(finding) for finding in evidence.details.get("findings", ())]


def _sound(folder: Path) -> tuple[Found, tuple[str, ...]]:
    return {}, tuple(
        f"{one.path}: {one.soundness}: {'; '.join(one.why)}"
        for one in artefacts(folder)
        if one.soundness is not Soundness.SOUND
    )
