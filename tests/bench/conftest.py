"""One small server for the tests of the benchmark, and results that nobody measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from bench.ground import Ground
from bench.results import FORMAT
from bench.systems import SYSTEMS
from proof.ground import FAST

Entry = tuple[str, str, str, Mapping[str, Sequence[float]]]


@pytest.fixture(scope="session")
def ground() -> Iterator[Ground]:
    with Ground(18, FAST) as ground:
        yield ground


def document(
    *entries: Entry, series: Mapping[str, Sequence[Sequence[float]]] | None = None
) -> dict[str, Any]:
    """Valid results with these numbers; `series` are those of every entry."""
    return {
        "format": FORMAT,
        "made_at": "2026-01-01T00:00:00Z",
        "git_sha": "0" * 40,
        "has_uncommitted_changes": False,
        "command": "python -m bench run",
        "profile": {"name": "synthetic", "repeats": 1, "long_repeats": 1},
        "seconds": 1.0,
        "machine": {
            "cores": 2,
            "memory_bytes": 8 << 30,
            "processor": "synthetic",
            "kernel": "Linux",
            "file_system": "ext4",
            "load_before": 0.0,
            "python": "3.11",
            "libraries": {"psycopg": "3"},
        },
        "server": {
            "version": "18",
            "settings": {"fsync": "on", "shared_buffers": "1GB", "synchronous_commit": "on"},
        },
        "systems": {
            system.name: {"kind": str(system.kind), "about": system.about}
            for system in SYSTEMS.values()
        },
        "results": [
            {
                "workload": workload,
                "variant": variant,
                "system": system,
                "numbers": {name: list(values) for name, values in numbers.items()},
                "series": {name: [list(each) for each in runs] for name, runs in series.items()}
                if series
                else {},
            }
            for workload, variant, system, numbers in entries
        ],
        "failed": [],
    }
