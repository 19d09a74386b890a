"""What people see at a fixed width: golden text, ages, colours, nothing that moves the cursor."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from rich.console import Console

from ledgerdb.cli.operations import layout
from ledgerdb.cli.operations.document import spelled, with_instants
from ledgerdb.cli.operations.screen import Frame, draw, sparkline
from ledgerdb.cli.operations.standing import Standing
from ledgerdb.rows import (
    ActivityBucket,
    Backlog,
    Breakdown,
    BreakdownBy,
    ControlScope,
    Health,
    Ordering,
    OutboxControl,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def _terminal(width: int, *, color: bool = False) -> Console:
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        color_system="standard" if color else None,
        width=width,
        highlight=False,
        markup=False,
        legacy_windows=False,
    )


def _text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 ms"),
        (0.0042, "4 ms"),
        (1, "1 s"),
        (59.99, "59 s"),
        (60, "1 min"),
        (192, "3 min 12 s"),
        (7_500, "2 h 5 min"),
        (86_400, "1 d"),
        (3 * 86_400 + 7_200, "3 d 2 h"),
        (1_000 * 86_400, "1,000 d"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert layout.seconds(seconds) == text


def test_times_are_utc() -> None:
    moment = datetime(2026, 3, 1, 1, 2, 3, 456_789, tzinfo=timezone(timedelta(hours=-5)))
    assert layout.instant(moment) == "2026-03-01 06:02:03"
    assert layout.instant(moment, millis=True) == "2026-03-01 06:02:03.456"
    assert spelled(moment) == "2026-03-01T06:02:03.456789Z"
    assert spelled(datetime(2026, 3, 1, tzinfo=UTC)) == "2026-03-01T00:00:00.000000Z"
    document = with_instants({"a": [{"sent_at": "2026-03-01T01:02:03-05:00", "format": "x"}]})
    assert document["a"][0] == {
        "sent_at": datetime(2026, 3, 1, 6, 2, 3, tzinfo=UTC),
        "format": "x",
    }


def test_spellings() -> None:
    assert spelled(Decimal("10.10")) == "10.10"
    assert spelled(UUID(int=1)) == "00000000-0000-0000-0000-000000000001"
    with pytest.raises(TypeError, match="object has no spelling"):
        spelled(object())


def test_a_table_that_fits() -> None:
    out = _terminal(40)
    layout.show(("id", "attempts"), [["a-1", "1"], ["b", "20"]], right=("attempts",), out=out)
    assert _text(out) == "id   attempts\na-1         1\nb          20\n"


def test_a_table_that_does_not_fit_becomes_blocks_that_lose_nothing() -> None:
    out = _terminal(20)
    layout.show(("id", "reason"), [["a" * 25, "x"], ["b", ""]], out=out)
    assert [line.rstrip() for line in _text(out).splitlines()] == [
        "id      aaaaaaaaaaaa",
        "        aaaaaaaaaaaa",
        "        a",
        "reason  x",
        "",
        "id      b",
    ]


def test_a_pipe_cuts_nothing_and_has_no_colours(capsys: pytest.CaptureFixture[str]) -> None:
    layout.show(("id", "state"), [["a" * 500, layout.state("FAILED")]])
    header, row = capsys.readouterr().out.splitlines()
    assert header == "id" + " " * 500 + "state"
    assert row == "a" * 500 + "  FAILED"


def test_colours_and_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[31mFAILED" in _printed_state(_terminal(20, color=True))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in _printed_state(_terminal(20, color=True))


def _printed_state(out: Console) -> str:
    out.print(layout.state("FAILED"))
    return _text(out)


@pytest.mark.parametrize(
    "hostile", ["\x1b[31m", "\x9b1m", "a\rb", "\u202e", "\u2028", "\ud800", "\x00"]
)
def test_characters_that_are_not_seen_are_spelled(hostile: str) -> None:
    shown = layout.plain(hostile).plain
    assert shown.isprintable()
    assert "\\" in shown
    assert layout.plain("Zürich ¥ 東京 [bold]").plain == "Zürich ¥ 東京 [bold]"


@pytest.mark.parametrize(
    ("values", "columns", "bars"),
    [
        ([], 10, ""),
        ([0, 0], 10, "  "),
        ([1, 2, 4, 8], 10, "▂▃▅█"),
        ([8, 0, 8], 10, "█ █"),
        ([1, 2, 3, 4], 2, "▆█"),
        ([0.001, 1_000_000], 2, "▁█"),
        ([1, 2], 0, ""),
    ],
)
def test_bars(values: list[float], columns: int, bars: str) -> None:
    assert sparkline(values, columns) == bars


def _frame() -> Frame:
    health = Health("0010", NOW, 20, 3, 1, NOW - timedelta(hours=2), 1, None, 0, None)
    backlog = Backlog(1_204, 17, 32, 0, 1, 5, NOW - timedelta(seconds=192))
    paused = OutboxControl(
        scope=ControlScope.RAIL,
        scope_key="SEPA",
        paused=True,
        ordering=Ordering.NONE,
        fair=False,
        notify_workers=True,
        updated_at=NOW,
    )
    parts = tuple(
        Breakdown(f"BANK-{n}", None, n, 0, 0, 0, 0, 0, 0, NOW - timedelta(minutes=n))
        for n in range(1, 40)
    )
    activity = tuple(
        ActivityBucket(NOW, n * 30, n * 15, 0, 0, 0, None if n == 0 else 40.0, 90.0)
        for n in range(5)
    )
    standing = Standing(health, backlog, 0, 0, (paused,), parts)
    return Frame(standing, BreakdownBy.PARTICIPANT, 30, activity, 30)


def test_a_frame_is_drawn_to_its_size() -> None:
    out = _terminal(90)
    out.print(draw(_frame(), width=90, height=24))
    lines = [line.rstrip() for line in _text(out).splitlines()]
    assert lines == [
        "ledgerdb top  revision 0010  2026-03-01 12:00:00 UTC",
        "",
        "1,204 due   17 delayed   32 in flight   0 expired   1 in doubt   5 held   3 dead (1",
        "disputed)",
        "lag 3 min 12 s   paused RAIL SEPA",
        "",
        "last 30 min  per second",
        "accepted            3.0   ▃▆█",
        "dispatched          1.5   ▃▆█",
        "retried             0.0",
        "failed              0.0",
        "crashed             0.0",
        "p50/p95 ms      40 / 90  ████",
        "",
        "participant  due  delayed  in flight  expired  in doubt  held  dead  oldest due for",
        "BANK-1         1        0          0        0         0     0     0           1 min",
        "BANK-2         2        0          0        0         0     0     0           2 min",
        "BANK-3         3        0          0        0         0     0     0           3 min",
        "BANK-4         4        0          0        0         0     0     0           4 min",
        "",
        (
            "! 1 disputed dead letter: a late result says it was sent:"
            " ledgerdb dead-letters --disputed"
        ),
        "! 1 item in doubt, the oldest for 2 h: ledgerdb doubts",
        "! 3 dead letters: ledgerdb dead-letters --by error",
    ]


@pytest.mark.parametrize(("width", "height"), [(20, 5), (1, 1), (300, 100)])
def test_a_frame_fits_screens_of_any_size(width: int, height: int) -> None:
    out = _terminal(width)
    out.print(draw(_frame(), width=width, height=height, remark="paused: p goes on"))
    assert max(len(line) for line in _text(out).splitlines()) <= width
