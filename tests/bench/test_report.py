"""The page is made of results, and the committed page of the committed results."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from bench.charts import FOLDER
from bench.report import PAGE, render, write_page
from bench.results import Results, read
from tests.bench.conftest import Entry, document
from tests.commands import ROOT

RESULTS = [ROOT / "bench" / "results" / name for name in ("full.json", "long.json")]


def entries() -> list[Entry]:
    rates = {"per_second": [1_000.0, 3_000.0, 2_000.0], "p50_ms": [0.5], "p95_ms": [1.25]}
    held = {"drain_fresh_per_second": [100.0], "drain_ratio": [0.5], "churned_items": [10.0]}
    return [
        ("enqueue-one", "1 client", "bare insert", {"per_second": [2_000.0, 6_000.0, 4_000.0]}),
        ("enqueue-one", "1 client", "ledgerdb", rates),
        ("enqueue-batch", "batches of 500", "ledgerdb", rates),
        ("drain", "batches of 500", "ledgerdb", rates),
        ("held-snapshot", "snapshot held", "ledgerdb", held),
        ("scale", "backlog of 1000 items", "ledgerdb", {"size": [1e3], "drain_per_second": [9.0]}),
        ("scale", "backlog of 9000 items", "ledgerdb", {"size": [9e3], "drain_per_second": [8.0]}),
    ]


def results() -> Results:
    found = document(*entries(), series={"round_per_second": [[90.0, 50.0]]})
    found["failed"] = [{"workload": "w", "variant": "v", "system": "s", "reason": "no verb"}]
    return Results(found)


def test_the_page_tells_the_numbers(tmp_path: Path) -> None:
    page, *charts = write_page([results()], tmp_path)
    text = page.read_text("utf-8")
    row = "| 1 client | **ledgerdb** | 2,000 (1,000 to 3,000) | 0.50 | 0.50 | 1.25 |  |"
    assert row.removesuffix("  |") in text
    assert (
        "| 1a | single enqueues, 1 client, beside the bare insert | at least 0.85 | 0.50 |" in text
    )
    assert "**not met**" in text
    assert "- w, v, s: failed: `no verb`" in text
    assert {chart.stem for chart in charts} == {
        "bench-enqueue-one",
        "bench-enqueue-batch",
        "bench-drain",
        "bench-held-snapshot",
        "bench-backlog",
    }
    for chart in charts:
        assert f"({FOLDER}/{chart.name})" in text
        assert ET.parse(chart).getroot().tag.endswith("svg")  # noqa: S314 - our own drawing


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (
        [path.read_bytes() for path in write_page([results()], tmp_path / name)] for name in "ab"
    )
    assert first == second


def test_a_chart_that_has_no_numbers_is_not_shown(tmp_path: Path) -> None:
    (page,) = write_page([Results(document())], tmp_path)
    assert "images/" not in page.read_text("utf-8")


def test_the_committed_page_is_what_the_committed_results_make() -> None:
    docs = ROOT / "docs"
    charts = [path.stem for path in sorted((docs / FOLDER).glob("bench-*.svg"))]
    made = [read(path) for path in RESULTS if path.exists()]
    assert (docs / PAGE).read_text("utf-8") == render(made, charts)
    assert made or not charts


def test_a_further_run_is_told_behind_the_first() -> None:
    beyond: Entry = ("held-snapshot", "snapshot held", "ledgerdb", {"churned_items": [4e5]})
    text = render([results(), Results(document(beyond))])
    assert text.count("## Targets") == text.count("| system | what it is |") == 1
    assert text.index("## The run") < text.index("## A run that goes further")
    assert text.index("## held-snapshot\n") < text.index("## held-snapshot, further\n")
    assert "400,000" in text


def test_a_page_without_runs_says_how_to_make_one() -> None:
    assert "no numbers until a run is written" in render([])
