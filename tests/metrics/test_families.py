"""From a reading to metric families."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from ledgerdb.metrics.families import families_of
from ledgerdb.metrics.reading import Reading
from tests.metrics.readings import breakdown, reading


def samples(of: Reading) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What a scraper makes of it."""

    class Given(Collector):
        def collect(self):  # type: ignore[no-untyped-def]  # noqa: ANN202
            return families_of(of)

    registry = CollectorRegistry()
    registry.register(Given())
    text = generate_latest(registry).decode()
    found = [
        ((sample.name, tuple(sorted(sample.labels.items()))), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]
    assert len(found) == len(dict(found)), "two samples with the same labels"
    return dict(found)


def test_ages_are_seconds_by_the_clock_of_the_database() -> None:
    found = samples(reading())
    assert found["ledgerdb_queue_oldest_due_seconds", ()] == 90
    assert found["ledgerdb_oldest_doubt_seconds", ()] == 3600
    assert found["ledgerdb_seal_lag_seconds", ()] == 0


def test_rates_are_over_the_whole_minutes() -> None:
    found = samples(reading())
    assert found["ledgerdb_accepted_per_second", ()] == 1
    assert found["ledgerdb_attempts_per_second", (("outcome", "dispatched"),)] == 0.5
    assert found["ledgerdb_attempts_per_second", (("outcome", "crashed"),)] == 0


def test_latency_is_in_seconds_and_of_the_last_minute_that_has_one() -> None:
    now = reading()
    silent = replace(now.activity[-1], latency_p50_ms=None, latency_p95_ms=None)
    found = samples(replace(now, activity=(*now.activity[:-1], silent)))
    assert found["ledgerdb_rail_latency_seconds", (("quantile", "0.5"),)] == 0.103
    none = samples(replace(now, activity=(silent,)))
    assert ("ledgerdb_rail_latency_seconds", (("quantile", "0.5"),)) not in none


def test_the_rest_is_other() -> None:
    found = samples(reading((breakdown("t-1", "acme", due=5, dead=2), breakdown(None, due=1))))
    due = {
        labels[1][1]: value
        for (name, labels), value in found.items()
        if name == "ledgerdb_tenant_queue_items" and labels[0] == ("state", "due")
    }
    assert due == {"acme": 5, "(none)": 1, "(other)": 2}
    assert found["ledgerdb_rail_dead_letters", (("rail", "(other)"),)] == 3


def test_a_participant_cannot_void_the_scrape_by_its_name() -> None:
    hostile = ("(other)", "(none)", None, 'a"b\\c\nd', "a", "a")
    rows = tuple(breakdown(name, due=1) for name in hostile)
    found = samples(reading(rows))  # asserts that no two samples are the same
    assert found["ledgerdb_participant_oldest_due_seconds", (("participant", 'a"b\\c\nd'),)] == 30
    assert (
        found["ledgerdb_participant_queue_items", (("participant", "(other)"), ("state", "due"))]
        == 5
    )


def test_an_item_that_became_due_in_between_does_not_make_less_than_nothing() -> None:
    found = samples(reading((breakdown("x", due=9),)))
    assert found["ledgerdb_rail_queue_items", (("rail", "(other)"), ("state", "due"))] == 0
