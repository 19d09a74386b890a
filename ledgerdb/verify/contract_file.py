"""`evidence/contract.yml`: one row per requirement, and what the programme is accepted by."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from jsonschema import Draft202012Validator

from ledgerdb.errors import ConfigurationError
from ledgerdb.verify.evidence import published

__all__ = ["Acceptance", "Contract", "Row", "load"]

_FILE: Final = "contract.yml"
_SCHEMA: Final = "contract.schema.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One requirement; see `contract.schema.json`."""

    id: str
    invariant: str | None
    gate: str | None
    meaning: str
    verifier: str
    evidence: str
    status: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One sentence by which the programme is accepted: proven by rows, or open for a reason."""

    number: int
    says: str
    rows: tuple[str, ...] = ()
    open: str | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """The registry."""

    rows: tuple[Row, ...]
    acceptance: tuple[Acceptance, ...]


def load(path: Path | None = None) -> Contract:
    """The contract of this release, or the one in a file.

    Raises:
        ConfigurationError: it is not there, or breaks its schema; each violation is named.
        OSError: it cannot be read.
    """
    path = path or published(_FILE)
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path.name} is no YAML: {' '.join(str(error).split())}"
        ) from None
    schema = Draft202012Validator(json.loads(published(_SCHEMA).read_text("utf-8")))
    wrong = sorted(f"{error.json_path}: {error.message}" for error in schema.iter_errors(content))
    wrong = wrong or [*_contradictions(content)]
    if wrong:
        raise ConfigurationError(f"{path.name} is no contract: {'; '.join(wrong)}")
    return Contract(
        tuple(Row(**row) for row in content["rows"]),
        tuple(
            Acceptance(**one | {"rows": tuple(one.get("rows", ()))})
            for one in content["acceptance"]
        ),
    )


def _contradictions(content: dict[str, Any]) -> Iterator[str]:
    """What a schema cannot say."""
    ids = Counter(row["id"] for row in content["rows"])
    yield from (f"two rows are called {name}" for name, count in ids.items() if count > 1)
    writers: dict[str, str] = {}
    for row in content["rows"]:
        if writers.setdefault(row["evidence"], row["verifier"]) != row["verifier"]:
            yield f"two verifiers write {row['evidence']}"
    for one in content["acceptance"]:
        for name in one.get("rows", ()):
            if name not in ids:
                yield f"acceptance {one['number']} rests on {name}, which is no row"
