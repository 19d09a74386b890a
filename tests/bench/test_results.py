"""Results are written valid or not at all, and looked up by what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.results import Results, read, write
from ledgerdb.errors import ConfigurationError
from tests.bench.conftest import document

ONE = ("drain", "batches of 500", "ledgerdb", {"per_second": [100.0, 300.0, 200.0]})
OTHER = ("drain", "batches of 500", "visibility queue", {"per_second": [100.0, 100.0, 400.0]})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "results.json"
    write(path, document(ONE))
    assert read(path).document == document(ONE)


def test_what_is_invalid_is_not_written(tmp_path: Path) -> None:
    for broken in (
        document(ONE) | {"format": 2},
        document(ONE) | {"host": "somewhere"},
        {name: value for name, value in document(ONE).items() if name != "machine"},
        document(("drain", "v", "ledgerdb", {})),
        document(("drain", "v", "ledgerdb", {"per_second": []})),
    ):
        with pytest.raises(ConfigurationError, match="no valid results"):
            write(tmp_path / "results.json", broken)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_what_is_no_document_is_not_read(text: str, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="results"):
        read(path)
    with pytest.raises(ConfigurationError, match="no results"):
        read(tmp_path / "missing.json")


def test_a_ratio_is_taken_within_each_repeat() -> None:
    results = Results(document(ONE, OTHER))
    assert results.median("drain", "batches of 500", "ledgerdb", "per_second") == 200
    # of 1, 3 and 0.5: not 200 beside 100
    ratio = results.ratio("drain", "batches of 500", "per_second", "ledgerdb", "visibility queue")
    assert ratio == 1
    assert results.median("drain", "batches of 7", "ledgerdb", "per_second") is None
    assert results.ratio("drain", "batches of 500", "n", "ledgerdb", "visibility queue") is None
    assert results.systems("drain", "batches of 500") == ["ledgerdb", "visibility queue"]
