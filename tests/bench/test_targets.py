"""A target is met, not met, or not measured; never met by a smaller measurement."""

from __future__ import annotations

import pytest

from bench.results import Results
from bench.targets import Verdict, Word, best, judge
from tests.bench.conftest import Entry, document


def verdicts(*entries: Entry, latencies: list[list[float]] | None = None) -> dict[str, Verdict]:
    series = None if latencies is None else {"wake_up_ms": latencies}
    return {v.number: v for v in judge(Results(document(*entries, series=series)))}


def test_of_nothing_nothing_is_met() -> None:
    found = verdicts()
    assert {verdict.word for verdict in found.values()} == {Word.NOT_MEASURED}
    assert {number[0] for number in found} == set("1234567")
    assert not any(verdict.is_met for verdict in found.values())


@pytest.mark.parametrize(("rate", "word"), [(85.0, Word.MET), (84.0, Word.NOT_MET)])
def test_a_limit(rate: float, word: Word) -> None:
    found = verdicts(
        ("enqueue-one", "1 client", "ledgerdb", {"per_second": [rate]}),
        ("enqueue-one", "1 client", "bare insert", {"per_second": [100.0]}),
    )
    assert (found["1a"].word, found["1a"].found) == (word, f"{rate / 100:.2f}")
    assert found["1b"].word is Word.NOT_MEASURED


@pytest.mark.parametrize(("milliseconds", "word"), [(0.9, Word.MET), (1.1, Word.NOT_MET)])
def test_a_limit_from_above(milliseconds: float, word: Word) -> None:
    found = verdicts(
        ("ingress", "1 client", "ledgerdb", {"p95_ms": [milliseconds]}),
        ("ingress", "1 client", "psql per call", {"p95_ms": [10.0]}),
    )
    assert found["1e"].word is word


def test_a_gapless_counter_is_reported_and_a_monotonic_one_judged() -> None:
    found = verdicts(
        ("enqueue-one", "8 clients", "ledgerdb", {"per_second": [100.0]}),
        ("enqueue-one", "8 clients, hot participant", "ledgerdb", {"per_second": [30.0]}),
        ("enqueue-one", "8 clients, hot participant, monotonic", "ledgerdb", {"per_second": [79]}),
    )
    assert (found["1c"].word, found["1c"].found, found["1c"].is_met) == (
        Word.REPORTED,
        "0.30",
        True,
    )
    assert found["1d"].word is Word.NOT_MET


def test_each_system_is_judged_at_its_best_size() -> None:
    entries: list[Entry] = [
        ("drain", "batches of 100", "ledgerdb", {"per_second": [50.0, 50.0]}),
        ("drain", "batches of 500", "ledgerdb", {"per_second": [90.0, 60.0]}),
        ("drain", "batches of 100", "visibility queue", {"per_second": [60.0, 60.0]}),
        ("drain", "batches of 500", "visibility queue", {"per_second": [40.0, 40.0]}),
        ("drain", "batches of 100", "cursor log", {"per_second": [100.0, 100.0]}),
    ]
    results = Results(document(*entries))
    assert best(results, "drain", "ledgerdb") == "batches of 500"
    assert best(results, "drain", "visibility queue") == "batches of 100"
    assert best(results, "drain", "lean floor") is None
    found = verdicts(*entries)
    assert (found["3a"].found, found["3a"].word) == ("1.25", Word.MET)
    assert found["3b"].word is Word.MET
    assert (found["3c"].found, found["3c"].word) == ("0.75", Word.MET)


def test_latencies_of_all_repeats_are_one_sample() -> None:
    entry: Entry = ("wake-up", "idle worker", "ledgerdb", {"p50_ms": [2.0, 2.0]})
    calm = verdicts(entry, latencies=[[2.0] * 100, [2.0] * 100])
    assert (calm["4a"].word, calm["4b"].word) == (Word.MET, Word.MET)
    late = verdicts(entry, latencies=[[2.0] * 100, [2.0] * 97 + [9.0] * 3])
    assert (late["4a"].word, late["4b"].word, late["4b"].found) == (
        Word.MET,
        Word.NOT_MET,
        "9.0 ms",
    )


@pytest.mark.parametrize(
    ("churned", "words"),
    [
        (99_999.0, {"5a1": Word.NOT_MEASURED, "5b1": Word.NOT_MEASURED}),
        (100_000.0, {"5a1": Word.MET, "5b1": Word.NOT_MEASURED}),
        (400_000.0, {"5a1": Word.MET, "5b1": Word.MET}),
    ],
)
def test_a_smaller_measurement_meets_no_target(churned: float, words: dict[str, Word]) -> None:
    found = verdicts(
        (
            "held-snapshot",
            "snapshot held",
            "ledgerdb",
            {"drain_ratio": [0.97], "churned_items": [churned]},
        )
    )
    assert {number: found[number].word for number in words} == words


def test_items_in_front() -> None:
    numbers = {"drain_ratio": [0.9], "items_in_front": [50_000.0]}
    found = verdicts(
        ("held-snapshot", "leased items in front", "ledgerdb", numbers),
        ("held-snapshot", "after a bulk insert", "ledgerdb", numbers),
    )
    assert found["5c"].word is Word.NOT_MET
    assert found["5d"].word is Word.NOT_MEASURED


def of_size(kind: str, size: int, **numbers: float) -> Entry:
    found = {name: [value] for name, value in numbers.items()} | {"size": [float(size)]}
    return "scale", f"{kind} {size} items", "ledgerdb", found


def test_flatness_over_backlogs() -> None:
    def backlog(size: int, rate: float) -> Entry:
        return of_size("backlog of", size, drain_per_second=rate)

    small = verdicts(backlog(1_000, 90.0), backlog(100_000, 100.0))
    assert (small["6a"].word, small["6b"].word, small["6d"].word) == (
        Word.MET,
        Word.NOT_MEASURED,
        Word.NOT_MEASURED,
    )
    large = verdicts(backlog(1_000, 90.0), backlog(1_000_000, 60.0))
    assert (large["6a"].word, large["6b"].word) == (Word.NOT_MET, Word.NOT_MET)
    assert (large["6d"].word, large["6d"].found) == (Word.REPORTED, "0.83")  # 50 of 60


@pytest.mark.parametrize(("most", "word"), [(120.0, Word.MET), (121.0, Word.NOT_MET)])
def test_memory_of_a_worker(most: float, word: Word) -> None:
    found = verdicts(
        of_size("a Worker behind", 1_000, rss_bytes=100.0),
        of_size("a Worker behind", 100_000, rss_bytes=most),
        of_size("backlog of", 1_000_000, rss_bytes=1_000.0),
    )
    assert found["6c"].word is word


def test_a_further_run_is_asked_about_what_the_first_has_not_measured() -> None:
    def held(churned: float, ratio: float) -> Results:
        numbers = {"drain_ratio": [ratio], "churned_items": [churned]}
        return Results(document(("held-snapshot", "snapshot held", "ledgerdb", numbers)))

    found = {v.number: v.found for v in judge(held(100_000, 0.9), held(400_000, 1.1))}
    assert (found["5a1"], found["5b1"]) == ("0.90", "1.10")
    assert {v.number: v.found for v in judge(held(100_000, 0.9))}["5b1"] == ""


def test_bytes_of_a_completed_item() -> None:
    def drained(system: str, wal: float) -> Entry:
        numbers = {"per_second": [1.0], "wal_bytes_per_item": [wal]}
        return "drain", "batches of 500", system, numbers

    found = verdicts(drained("ledgerdb", 1_500.0), drained("revision 0001", 3_000.0))
    assert (found["5e"].word, found["5e"].found) == (Word.MET, "0.50")
