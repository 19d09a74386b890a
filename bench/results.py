"""What a run found, as a document: written, read, validated, looked up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator

from bench.figures import median
from ledgerdb.errors import ConfigurationError

__all__ = ["FORMAT", "Results", "read", "validate", "write"]

FORMAT: Final = 1
_SCHEMA: Final = Path(__file__).resolve().parent / "results.schema.json"


@dataclass(frozen=True, slots=True)
class Results:
    """A document of `results.schema.json`, with what is asked of it."""

    document: Mapping[str, Any]

    def values(self, workload: str, variant: str, system: str, number: str) -> list[float]:
        """One value of each repeat; none where it was not measured."""
        for entry in self.document["results"]:
            if (entry["workload"], entry["variant"], entry["system"]) == (
                workload,
                variant,
                system,
            ):
                return list(entry["numbers"].get(number, ()))
        return []

    def series(self, workload: str, variant: str, system: str, name: str) -> list[list[float]]:
        """One series of each repeat; none where it was not measured."""
        for entry in self.of(workload):
            if (entry["variant"], entry["system"]) == (variant, system):
                return list(entry["series"].get(name, ()))
        return []

    def median(self, workload: str, variant: str, system: str, number: str) -> float | None:
        """Of the repeats; None where it was not measured."""
        values = self.values(workload, variant, system, number)
        return median(values) if values else None

    def ratio(
        self, workload: str, variant: str, number: str, system: str, other: str
    ) -> float | None:
        """The median of the ratios of each repeat: what was measured side by side is compared."""
        pairs = zip(
            self.values(workload, variant, system, number),
            self.values(workload, variant, other, number),
            strict=False,
        )
        ratios = [one / two for one, two in pairs if two]
        return median(ratios) if ratios else None

    def of(self, workload: str) -> Iterator[Mapping[str, Any]]:
        """The entries of a workload, in the order in which they were measured."""
        return (entry for entry in self.document["results"] if entry["workload"] == workload)

    def variants(self, workload: str) -> list[str]:
        """Of a workload, in the order in which they were measured."""
        return list(dict.fromkeys(entry["variant"] for entry in self.of(workload)))

    def systems(self, workload: str, variant: str) -> list[str]:
        """Those that were measured in a variant."""
        return [entry["system"] for entry in self.of(workload) if entry["variant"] == variant]


def write(path: Path, document: Mapping[str, Any]) -> None:
    """Writes a document, valid or not at all.

    Raises:
        ConfigurationError: it breaks the schema.
        OSError: it cannot be written.
    """
    validate(document)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", "utf-8")


def read(path: Path) -> Results:
    """Reads what `write` has written.

    Raises:
        ConfigurationError: it cannot be read, is no JSON, or breaks the schema.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: no results: {error}") from error
    validate(document)
    return Results(document)


def validate(document: Mapping[str, Any]) -> None:
    """Compares a document with the schema.

    Raises:
        ConfigurationError: it breaks the schema; the message says where.
    """
    for error in _validator().iter_errors(document):
        raise ConfigurationError(f"no valid results: {error.json_path}: {error.message}")


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(_SCHEMA.read_text("utf-8")))
