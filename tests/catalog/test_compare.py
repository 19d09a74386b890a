"""A difference is said once, and a consequence is named for every kind of object that drifts."""

from __future__ import annotations

import pytest

from ledgerdb.catalog import Expected, Key
from ledgerdb.catalog.compare import compare
from ledgerdb.catalog.document import parse, render
from ledgerdb.catalog.expected import delta
from ledgerdb.catalog.model import frozen


def test_a_file_says_what_was_written(wanted: Expected) -> None:
    assert parse(render(wanted.catalog)) == dict(wanted.catalog)
    assert render(parse(render(wanted.catalog))) == render(wanted.catalog)
    assert render({}) == "{}\n"


def test_a_change_is_what_differs_and_null_is_what_is_gone(wanted: Expected) -> None:
    key = next(iter(wanted.catalog))
    less = frozen((k, v) for k, v in wanted.catalog.items() if k != key)
    assert delta(wanted.catalog, less) == {key: None}
    assert delta(less, wanted.catalog) == {key: wanted.catalog[key]}
    assert delta(less, less) == {}


def test_a_missing_table_is_one_difference(wanted: Expected) -> None:
    table = "payment_outbox_late_results"
    found = frozen(
        (key, value)
        for key, value in wanted.catalog.items()
        if not key.name.startswith(f"{table}.")
        and key != Key("table", table)
        and f" {table}" not in key.name
    )
    assert len(wanted.catalog) - len(found) > 20
    assert [each.key for each in compare(wanted.catalog, found)] == [Key("table", table)]


def test_owners_count_since_the_revision_that_gave_everything_to_one(wanted: Expected) -> None:
    owner = Key("owner", "table tenants")
    before = frozen((k, v) for k, v in wanted.catalog.items() if k.kind != "owner")
    found = frozen({**wanted.catalog, owner: "somebody"}.items())
    assert compare(before, found) == ()
    (difference,) = compare(wanted.catalog, found)
    assert difference.consequence == "somebody can change, drop and grant it"


@pytest.mark.parametrize("found", [True, False])
def test_every_kind_has_a_consequence(wanted: Expected, found: bool) -> None:  # noqa: FBT001
    """Whether an object is missing or unknown."""
    one_of_each = {key.kind: (key, value) for key, value in wanted.catalog.items()}
    for kind, (key, value) in one_of_each.items():
        whole, empty = frozen([(key, value)]), frozen(())
        (difference,) = (
            compare(empty, whole) if found and kind != "owner" else compare(whole, empty)
        )
        assert difference.consequence or kind in {"table", "view"}
        assert all(difference.shown)
