"""How values are written, and charts of hours that are unusual."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from ledgerdb.console.charts import ceiling_of, latency, throughput
from ledgerdb.console.words import duration, name, number, since, until, visible
from ledgerdb.rows import ActivityBucket

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 ms"),
        (0.0123, "12 ms"),
        (1.26, "1.3 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3_599, "59 min 59 s"),
        (3_600, "1 h"),
        (3_605, "1 h"),
        (90_061, "1 d 1 h"),
        (400 * 86_400, "400 d"),
        (-90, "-1 min 30 s"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(timedelta(seconds=seconds)) == said


def test_ages_are_never_negative() -> None:
    assert since(NOW + timedelta(seconds=3), NOW) == "0 ms"
    assert since(None, NOW) == "\N{EN DASH}"
    assert until(NOW + timedelta(minutes=3), NOW) == "in 3 min"
    assert until(NOW - timedelta(minutes=3), NOW) == "3 min ago"


def test_nothing_in_a_name_is_invisible() -> None:
    assert visible("a\N{RIGHT-TO-LEFT OVERRIDE}b\x00c\N{ZERO WIDTH SPACE}") == (
        "a\\u202eb\\x00c\\u200b"
    )
    assert visible("ünï \N{PILE OF POO}") == "ünï \N{PILE OF POO}"
    assert name("<b>'\"&") == '<bdi class="name">&lt;b&gt;&#39;&#34;&amp;</bdi>'
    assert number(1_234_567) == "1,234,567"


@pytest.mark.parametrize(
    ("most", "edge"),
    [(0, 1), (1, 1), (3, 4), (7, 10), (10, 10), (11, 20), (99, 100), (1_001, 2_000), (4.2, 5)],
)
def test_the_upper_edge_of_a_chart_is_round_and_not_below(most: float, edge: float) -> None:
    assert ceiling_of(most) == edge


def bucket(
    minute: int, accepted: int = 0, sent: int = 0, ms: float | None = None
) -> ActivityBucket:
    return ActivityBucket(NOW + timedelta(minutes=minute), accepted, sent, 0, 0, 0, ms, ms)


def test_columns_stay_within_the_chart() -> None:
    chart = throughput([bucket(i, accepted=i * 7, sent=i * 9) for i in range(60)])
    assert chart.ceiling == 1_000
    for column in chart.columns:
        assert all(0 <= bar.y <= 100 and bar.y + bar.height <= 100.001 for bar in column.bars)
    assert not chart.is_empty
    assert len(chart.times) == 3


def test_a_minute_without_latency_is_a_gap_and_not_a_zero() -> None:
    chart = latency([bucket(0, ms=10), bucket(1, ms=20), bucket(2), bucket(3, ms=20)])
    (path, _) = (line.path for line in chart.lines)
    assert re.fullmatch(r"M0\.5 50\.0h0L1\.5 0\.0M3\.5 0\.0h0", path)


def test_an_hour_without_anything() -> None:
    assert throughput([bucket(i) for i in range(60)]).is_empty
    assert latency([]).is_empty
    assert throughput([]).times == ()
