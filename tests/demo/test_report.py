"""The demo's report: one file, well formed, that says what the run said and nothing more."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ledgerdb.demo import charts
from ledgerdb.demo.report import write_report
from ledgerdb.demo.results import (
    Check,
    DemoResult,
    Event,
    LineProblem,
    Moment,
    TenantTotals,
    WorkerTotals,
)
from ledgerdb.errors import ConfigurationError

FULL = DemoResult(
    started_at=datetime(2026, 7, 30, 14, 3, 22, tzinfo=UTC),
    server_version="18.1",
    revision="0003",
    instructions_file="instructions.jsonl",
    seed=7,
    fail_rate=0.15,
    seconds=20.0,
    lines=12_045,
    acknowledged=12_034,
    replayed=9,
    refused=(LineProblem(17, "not JSON"), LineProblem(1431, "amount: must be positive")),
    outcomes={"DISPATCHED": 11_800, "FAILED": 230, "PENDING": 4},
    attempts_by_state={"DISPATCHED": 11_800, "RETRYABLE": 900, "FAILED": 230, "ZOMBIE_REQUEUE": 64},
    attempts_histogram={0: 4, 1: 11_100, 2: 900, 3: 30},
    error_codes={"RAIL_TIMEOUT": 900, "LEASE_EXPIRED": 64},
    rail_requests=12_950,
    rail_payments=11_800,
    tenants=(TenantTotals("coop-north", 11_800, 230, 4),),
    workers=(
        WorkerTotals("worker-1", 9_000, killed=False),
        WorkerTotals("worker-2", 3_994, killed=True),
    ),
    timeline=tuple(Moment(at / 10, min(12_034, at * 120), at * 60) for at in range(200)),
    events=(Event(6.1, "worker-2 killed (SIGKILL)"), Event(6.2, "64 expired leases repaired")),
    checks=(
        Check("Every acknowledged instruction is in the outbox once", 12_034, ()),
        Check("Nothing follows a terminal attempt", 12_030, ()),
    ),
)

EMPTY = replace(
    FULL,
    seconds=0.0,
    lines=0,
    acknowledged=0,
    replayed=0,
    refused=(),
    outcomes={},
    attempts_by_state={},
    attempts_histogram={},
    error_codes={},
    rail_requests=0,
    rail_payments=0,
    tenants=(),
    workers=(),
    timeline=(),
    events=(),
    checks=(),
)

VOID = frozenset({"meta", "br", "hr", "img", "link", "input"})


class _Page(HTMLParser):
    """Checks that tags nest, and gathers what a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: Counter[str] = Counter()
        self.links: set[str] = set()
        self.tags: Counter[str] = Counter()
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        for name, value in attrs:
            if name == "id":
                self.ids[value or ""] += 1
            elif name in {"href", "xlink:href", "aria-labelledby"} and value:
                self.links.add(value.removeprefix("#"))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag in {"td", "th", "span", "p"}:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        """The words, with plain spaces."""
        return " ".join("".join(self.words).split())


def _report(result: DemoResult, path: Path) -> tuple[str, _Page]:
    write_report(result, path)
    html = path.read_text(encoding="utf-8")
    return html, _Page(html)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "report.html"


ONE_OF_EACH = replace(
    FULL,
    timeline=(Moment(3.0, 10, 5),),
    events=(Event(3.0, "worker-1 killed (SIGKILL)"),),
    attempts_histogram={0: 10},
    outcomes={"PENDING": 10},
)
CROWDED = replace(
    FULL,
    events=tuple(Event(at / 100, f"event {at}") for at in range(300)),
    refused=tuple(LineProblem(line, "é" * 10_000) for line in range(5_000)),
    attempts_histogram=dict.fromkeys(range(1, 200), 3),
    outcomes={"DISPATCHED": 1, "$\\frac{": 2, "口座閉鎖" * 20: 3},
    timeline=tuple(Moment(at / 10, at, at) for at in range(20_000)),
)


@pytest.mark.parametrize(
    "result",
    [FULL, EMPTY, ONE_OF_EACH, CROWDED, replace(FULL, timeline=FULL.timeline[:1] * 3)],
    ids=["full", "empty", "one of each", "crowded", "clock stands still"],
)
def test_any_result_makes_one_whole_page(result: DemoResult, path: Path) -> None:
    html, page = _report(result, path)
    assert html.startswith("<!DOCTYPE html>")
    assert len(html.encode()) < 1_000_000
    assert max(page.ids.values()) == 1
    assert page.links <= set(page.ids)
    assert not re.search(r"https?://", re.sub(r'xmlns(:\w+)?="[^"]*"', "", html))
    assert not re.search(r"@import|url\((?!#)", html)
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert "#a0000" not in html  # a placeholder that became no colour
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_the_page_says_what_happened(path: Path) -> None:
    _, page = _report(FULL, path)
    for words in (
        "12 034 instructions acknowledged, 0 lost",
        "All 2 invariants hold",
        "Every acknowledged instruction is in the outbox once",
        "Holds · 12 034 checked",
        "1 6.1 s worker-2 killed (SIGKILL)",
        "1 431 amount: must be positive",
        "RAIL_TIMEOUT 900 6.9%",
        "worker-2 3 994 killed (SIGKILL)",
        "coop-north 11 800 230 4 12 034",
        "the rail received 12 950",
        "Difference 0",
        "ledgerdb demo --seed 7 --fail-rate 0.15",
        "2026-07-30 14:03:22 UTC",
        "18.1",
        "0003",
    ):
        assert words in page.text
    assert "not accounted for" not in page.text  # every total is the sum of its parts


def test_every_table_has_a_caption_and_every_chart_is_drawn_twice(path: Path) -> None:
    html, page = _report(FULL, path)
    assert page.tags["table"] == page.tags["caption"] > 0
    assert html.count('class="chart wide"') == html.count('class="chart narrow"') == 4
    assert html.count('role="img" aria-label="') == 8


def test_a_broken_invariant_stands_out(path: Path) -> None:
    broken = Check("Paid once", 3, ("pay-1: 2 payments", "pay-2: 3 payments"))
    html, page = _report(replace(FULL, checks=(*FULL.checks, broken)), path)
    assert "1 of 3 invariants does not hold" in page.text
    assert "Does not hold · 2 violations listed, 3 checked" in page.text
    assert "pay-1: 2 payments" in page.text
    assert "pay-2: 3 payments" in page.text
    assert 'class="is-broken" id="invariant-3"' in html
    assert "invariants hold" not in page.text


def test_no_invariant_is_no_proof(path: Path) -> None:
    _, page = _report(EMPTY, path)
    assert "No invariant was checked, so this run proves nothing" in page.text


def test_a_lost_instruction_is_said_whatever_the_invariants_say(path: Path) -> None:
    _, page = _report(replace(FULL, outcomes={"DISPATCHED": 12_031}, rail_payments=12_033), path)
    assert "12 034 instructions acknowledged, 3 lost" in page.text
    assert "invariants hold" not in page.text
    assert "3 acknowledged instructions ended nowhere" in page.text
    assert "not accounted for the total less the rows above 3" in page.text
    assert "The rail has more payments than the ledger" in page.text


def test_text_of_the_data_is_only_text(path: Path) -> None:
    evil = "<script>alert(1)</script>"
    result = replace(
        FULL,
        instructions_file=evil,
        refused=(LineProblem(1, f"{evil} \x00 \u202e \udcff\nnext line"),),
        workers=(WorkerTotals(evil, 1, killed=True),),
        tenants=(TenantTotals('"><b onclick="x">', 1, 0, 0),),
        events=(Event(1.0, evil),),
        error_codes={evil: 1},
        outcomes={evil: 1},
        checks=(Check(evil, 1, (evil,)),),
    )
    html, page = _report(result, path)
    assert "<script" not in html
    assert "<b" not in html.replace("<body", "").replace("<b>", "")
    assert evil in page.text
    assert r"\x00 \u202e \udcff next line" in page.text
    assert '"><b onclick="x">' in page.text


def test_the_same_result_gives_the_same_bytes(path: Path) -> None:
    first, _ = _report(FULL, path)
    second, _ = _report(FULL, path)
    assert first == second


@pytest.mark.parametrize("place", ["missing/report.html", ".", "file/report.html"])
def test_a_path_that_cannot_be_written_is_one_clear_line(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"^report .*: cannot be written: [^\n]+$"):
        write_report(FULL, tmp_path / place)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_device_is_not_replaced_by_a_file() -> None:
    with pytest.raises(ConfigurationError, match="not a regular file"):
        write_report(EMPTY, Path("/dev/null"))
    assert Path("/dev/null").is_char_device()


def test_a_report_replaces_an_older_one(path: Path) -> None:
    path.write_text("older", encoding="utf-8")
    html, _ = _report(EMPTY, path)
    assert "older" not in html


def test_drawing_keeps_no_figure_and_wants_no_display(path: Path) -> None:
    program = (
        "import sys, ledgerdb.demo.report; from tests.demo.test_report import FULL; "
        f"ledgerdb.demo.report.write_report(FULL, __import__('pathlib').Path({str(path)!r})); "
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], check=False)
    assert done.returncode == 0


def test_shares_never_round_to_certainty() -> None:
    assert charts.share(0, 7) == "0%"
    assert charts.share(7, 7) == "100%"
    assert charts.share(1, 1_000_000) == "<0.1%"
    assert charts.share(999_999, 1_000_000) == ">99.9%"
    assert charts.share(1, 8) == "12.5%"
    assert charts.share(1, 0) == "–"  # noqa: RUF001 - the dash of the page


def test_rates_are_slopes_between_readings() -> None:
    timeline = (Moment(0, 0, 0), Moment(2, 10, 4), Moment(2, 11, 5), Moment(4, 10, 8))
    assert charts.rates(timeline) == (charts.Rate(0, 2, 5, 2), charts.Rate(2, 4, 0, 2))
    assert charts.rates(timeline[:1]) == ()
    assert charts.rates(()) == ()


def test_readings_are_thinned_to_a_bound_with_both_ends() -> None:
    readings = [Moment(at, at, at) for at in range(1_000)]
    few = charts.thinned(readings, 24)
    assert len(few) == 24
    assert (few[0], few[-1]) == (readings[0], readings[-1])
    assert charts.thinned(readings[:3], 24) == readings[:3]
