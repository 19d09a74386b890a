"""INV-077: does every requirement have its verifier, and evidence that holds today?

Two artefacts. The contract status judges every row by its evidence, and is about all artefacts but
these two. The closing statement is about the contract status, which it names by its hash. So each
can be checked without itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from ledgerdb.errors import ConfigurationError
from ledgerdb.verify.artefacts import Artefact, Soundness, look_at
from ledgerdb.verify.contract_file import Contract, Row
from ledgerdb.verify.evidence import Evidence, Status, checkout, git_sha, timestamp_utc
from ledgerdb.verify.fingerprint import head_fingerprint
from ledgerdb.verify.registry import CONTRACT, Verifier

__all__ = ["CLOSEOUT", "STATUS", "Judgement", "closing", "contract_status", "judge"]

STATUS, CLOSEOUT = CONTRACT

_NAME: Final = "ledgerdb verify contract"
_LEDGERDB: Final = "ledgerdb verify "
_PROOF: Final = "python -m proof "
_HOLDS: Final = "PASS"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a row is worth.

    Attributes:
        id: of the row.
        status: PASS; else FAIL, SKIPPED, ABSENT, INVALID, STALE or UNWIRED.
        why: what is wrong; empty where it holds.
        sha256: of the artefact's bytes; None where there is none.
        counts: whether the contract falls with it.
    """

    id: str
    status: str
    why: tuple[str, ...]
    sha256: str | None
    counts: bool


def contract_status(
    contract: Contract, verifiers: Mapping[str, Verifier], folder: Path
) -> Evidence:
    """Judges every row by the evidence in a folder.

    Raises:
        ConfigurationError: no commit to name, or to look for; or no checkout with the proofs.
        OSError: an artefact cannot be read.
    """
    judged = judge(contract, verifiers, folder)
    findings = [f"{one.id}: {one.status}: {'; '.join(one.why)}" for one in judged if one.counts] + [
        *_unregistered(contract, verifiers)
    ]
    rows = {row.id: row for row in contract.rows}
    return Evidence(
        check_id=Path(STATUS).stem,
        timestamp_utc=timestamp_utc(),
        git_sha=git_sha(),
        status=Status.FAIL if findings else Status.PASS,
        schema_fingerprint=head_fingerprint(),
        details={
            "findings": findings,
            "rows": [
                asdict(rows[one.id])
                | {"found": one.status, "why": list(one.why), "sha256": one.sha256}
                for one in judged
            ],
            "judged_by_the_closing_statement": [row.id for row in contract.rows if _is_own(row)],
        },
    )


def judge(contract: Contract, verifiers: Mapping[str, Verifier], folder: Path) -> list[Judgement]:
    """Every row but those about the contract itself, in order."""
    return [_judged(row, verifiers, folder) for row in contract.rows if not _is_own(row)]


def closing(contract: Contract, status: Evidence) -> Evidence:
    """The closing statement, about a contract status as it was just written."""
    found = {row["id"]: row["found"] for row in status.details["rows"]}
    found |= {row.id: str(status.status) for row in contract.rows if _is_own(row)}
    required = [row.id for row in contract.rows if row.required]
    acceptance = [
        {
            "number": one.number,
            "says": one.says,
            "rows": {name: found[name] for name in one.rows},
            "open": one.open,
            "holds": None if one.open else all(found[name] == _HOLDS for name in one.rows),
        }
        for one in contract.acceptance
    ]
    findings = [
        *([] if status.status is Status.PASS else ["the contract does not hold"]),
        *(f"{name}: {found[name]}" for name in required if found[name] != _HOLDS),
        *(
            f"acceptance {one['number']} does not hold: {one['says']}"
            for one in acceptance
            if one["holds"] is False
        ),
    ]
    return Evidence(
        check_id=Path(CLOSEOUT).stem,
        timestamp_utc=status.timestamp_utc,
        git_sha=status.git_sha,
        status=Status.FAIL if findings else Status.PASS,
        schema_fingerprint=status.schema_fingerprint,
        details={
            "findings": findings,
            "contract_status": {
                "artefact": STATUS,
                "sha256": hashlib.sha256(status.text().encode()).hexdigest(),
                "status": status.status,
            },
            "required_rows": len(required),
            "required_rows_that_hold": sum(found[name] == _HOLDS for name in required),
            "acceptance": acceptance,
            "open": [one["number"] for one in acceptance if one["open"]],
        },
    )


def _judged(row: Row, verifiers: Mapping[str, Verifier], folder: Path) -> Judgement:
    if unwired := _unwired(row, verifiers):
        return Judgement(row.id, "UNWIRED", (unwired,), None, counts=True)
    artefact = look_at(_home(row, folder), row.evidence)
    status, why = _weighed(artefact)
    counts = (
        status != _HOLDS
        and row.status == "enforced"
        and (row.required or artefact.soundness is not Soundness.ABSENT)
    )
    return Judgement(row.id, status, why, artefact.sha256, counts)


def _weighed(artefact: Artefact) -> tuple[str, tuple[str, ...]]:
    if artefact.soundness is not Soundness.SOUND or artefact.evidence is None:
        return artefact.soundness, artefact.why
    found = artefact.evidence
    if found.status is Status.PASS:
        return _HOLDS, ()
    said = found.details.get("findings") or ["it was not looked at, which proves nothing"]
    return found.status, tuple(str(finding) for finding in said)


def _home(row: Row, folder: Path) -> Path:
    """Proofs take hours, and are run for a release: what the checkout has of them counts."""
    root = checkout()
    if (
        row.verifier.startswith(_PROOF)
        and root is not None
        and not (folder / row.evidence).exists()
    ):
        return root / "evidence"
    return folder


def _unwired(row: Row, verifiers: Mapping[str, Verifier]) -> str:
    """Why no verifier writes what the row names; empty where one does."""
    if row.verifier.startswith(_PROOF):
        root = checkout()
        if root is None:
            raise ConfigurationError("the contract rests on proofs that only a checkout has")
        name = row.verifier.removeprefix(_PROOF)
        wired = (root / "proof" / name).is_dir() and row.evidence == f"correctness/{name}.json"
        return "" if wired else f"there is no `{row.verifier}` that writes {row.evidence}"
    name = row.verifier.removeprefix(_LEDGERDB)
    if name not in verifiers:
        return f"there is no verifier `{row.verifier}`"
    if row.evidence not in verifiers[name].artefacts:
        return f"`{row.verifier}` does not write {row.evidence}"
    return ""


def _unregistered(contract: Contract, verifiers: Mapping[str, Verifier]) -> Iterator[str]:
    """What is verified and no row claims: nobody would miss it."""
    registered = {row.evidence for row in contract.rows}
    for name, verifier in verifiers.items():
        for path in verifier.artefacts:
            if path not in registered:
                yield f"{path}: `{_LEDGERDB}{name}` writes it, and no row of the contract names it"
    for path in CONTRACT:
        if path not in registered:
            yield f"{path}: `{_NAME}` writes it, and no row of the contract names it"


def _is_own(row: Row) -> bool:
    return row.verifier == _NAME and row.evidence in CONTRACT
