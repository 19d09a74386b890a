"""Whatever an instruction lives through, its pack says it, holds, and is the same everywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from ledgerdb.packs import check_pack
from ledgerdb.sync import Ledger
from ledgerdb.url import database_url
from ledgerdb.verify.packs.forger import canonical
from ledgerdb.verify.packs.lives import LIVES, PAYLOAD, TENANT, Life
from ledgerdb.verify.packs.told import differences
from ledgerdb.verify.retry_semantics.session import Session
from tests.packs.documents import NAMED, export

# What no two databases have in common: ids, hashes, times.
_OWN = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{64}"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
)


@pytest.fixture
def ledger(lived_url: str) -> Iterator[Ledger]:
    with Ledger.connect(lived_url) as ledger:
        yield ledger


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.name)
def test_it_holds_and_says_what_the_tables_say(life: Life, ledger: Ledger, lived_url: str) -> None:
    data = export(ledger, life)
    report = check_pack(data, payload=PAYLOAD.encode())
    assert report.findings == []
    assert data == canonical(json.loads(data)), "canonical form, as somebody else writes it"
    with Session(database_url(lived_url)) as session:
        assert [*differences(session, life, json.loads(data))] == []


def test_every_version_of_postgresql_gives_the_same(lived: Callable[[int], str]) -> None:
    documents: dict[int, list[str]] = {}
    for version in (16, 18):
        with Ledger.connect(lived(version)) as ledger:
            documents[version] = [_without_its_own(export(ledger, life)) for life in LIVES]
    assert documents[16] == documents[18]


def _without_its_own(data: bytes) -> str:
    """What is a database's own becomes a number, the same for the same."""
    seen: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        is_time = found[0].endswith("Z")
        # times are not equal by accident: most are there twice, in the timeline
        return seen.setdefault(found[0], f"{'time' if is_time else 'own'} {len(seen)}")

    document = json.loads(data)
    # the order of what happened at one time in one statement is that of random ids
    document["timeline"] = [event["event"] for event in document["timeline"]]
    return _OWN.sub(number, canonical(document).decode())


def test_the_same_content_gives_the_same_bytes(ledger: Ledger) -> None:
    assert export(ledger, LIVES[0]) == export(ledger, LIVES[0])


def test_another_tenant_learns_nothing(ledger: Ledger) -> None:
    other = UUID(int=TENANT.int + 1)
    assert ledger.evidence_pack(other, LIVES[0].instruction_id) is None


def test_what_is_not_sealed_is_said(ledger: Ledger) -> None:
    report = check_pack(export(ledger, NAMED["unsealed"]))
    unsealed = [one.field for one in report.unproven if one.text == "the row is not sealed yet"]
    assert unsealed == ["attestation.chain", "attempts[0].chain", "attempts[1].chain"]


def test_differences_sees_every_value_that_is_another(ledger: Ledger, lived_url: str) -> None:
    """The witness itself: a pack that says anything else is told of."""
    life = NAMED["eventful"]
    pack = json.loads(export(ledger, life))
    with Session(database_url(lived_url)) as session:
        for member in ("attestation", "outbox", "attempts", "late_results", "operator_actions"):
            rows = pack[member] if isinstance(pack[member], list) else [pack[member]]
            for row in [*rows, *(row["chain"] for row in rows if "chain" in row)]:
                for name in row.keys() - {"chain"}:
                    kept = row[name]
                    row[name] = "another"
                    assert next(differences(session, life, pack), None), (member, name)
                    row[name] = kept
        pack["timeline"].reverse()
        assert "eventful: the timeline is not in order" in [*differences(session, life, pack)]
