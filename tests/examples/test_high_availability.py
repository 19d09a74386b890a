"""The parts of the example that need no Patroni: its settings, and its comparison, which must find
what is lost or repeated.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from ledgerdb import AttemptState, Ledger
from ledgerdb.url import database_url, require_primary
from tests.commands import ROOT
from tests.factories import TENANT, WORKER, instruction

FOLDER = ROOT / "examples" / "high-availability"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        f"high_availability_{name}", FOLDER / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


traffic = load("traffic")
cluster = load("cluster")


@pytest.fixture
def paid(database_url: str) -> tuple[str, dict[str, Any], Any]:
    """Two payments, acknowledged, sent and recorded."""
    rail = traffic.Rail()
    traffic.register_tenant(database_url)
    with Ledger.connect(database_url) as ledger:
        acknowledged = {
            f"key-{number}": ledger.ingest(instruction(number, tenant_id=TENANT)).outbox_id
            for number in (1, 2)
        }
        for item in ledger.claim(10, WORKER, 60):
            ledger.complete(
                item,
                WORKER,
                AttemptState.DISPATCHED,
                rail_reference=rail.pay(item).rail_reference,
            )
    return database_url, acknowledged, rail


def test_nothing_lost_or_repeated(paid: tuple[str, dict[str, Any], Any]) -> None:
    assert traffic.compare(*paid) == []


def test_a_lost_payment_is_found(paid: tuple[str, dict[str, Any], Any]) -> None:
    url, acknowledged, rail = paid
    (finding,) = traffic.compare(url, {**acknowledged, "key-3": uuid4()}, rail)
    assert "key-3: acknowledged as" in finding


def test_another_identity_is_found(paid: tuple[str, dict[str, Any], Any]) -> None:
    url, acknowledged, rail = paid
    (finding,) = traffic.compare(url, {**acknowledged, "key-1": uuid4()}, rail)
    assert "key-1: acknowledged as" in finding


def test_a_payment_that_only_the_rail_knows_is_found(
    paid: tuple[str, dict[str, Any], Any],
) -> None:
    url, acknowledged, rail = paid
    rail.sent["0" * 32] += 1
    assert "which the ledger does not know" in traffic.compare(url, acknowledged, rail)[0]


def test_a_payment_that_was_not_sent_is_found(paid: tuple[str, dict[str, Any], Any]) -> None:
    url, acknowledged, rail = paid
    with Ledger.connect(url) as ledger:
        acknowledged["key-3"] = ledger.ingest(instruction(3)).outbox_id
    assert "key-3: dispatched 0 times" in traffic.compare(url, acknowledged, rail)


def test_the_cluster_is_strictly_synchronous(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    made = cluster.Cluster(tmp_path, Path("patroni"), Path("bin"))
    for node in made.nodes:
        configured = json.loads((node.folder / "patroni.json").read_text())
        settings = configured["bootstrap"]["dcs"]
        assert settings["synchronous_mode"] is settings["synchronous_mode_strict"] is True
        assert settings["postgresql"]["parameters"]["synchronous_commit"] == "on"
        assert len(configured["raft"]["partner_addrs"]) == 2
    url = require_primary(database_url(made.url))
    assert url.query["target_session_attrs"] == "read-write"
    assert str(url.query["host"]).count(",") == 2


def test_the_server_table_of_the_guide_is_what_the_example_sets() -> None:
    guide = (ROOT / "docs" / "high-availability.md").read_text("utf-8")
    seconds = cluster.CONSENSUS
    assert f"| {seconds['ttl']}, {seconds['loop_wait']}, {seconds['retry_timeout']} |" in guide
    for name in cluster.SYNCHRONOUS:
        assert f"| Patroni `{name}` | `true` |" in guide


def test_the_password_of_the_url_is_the_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    made = cluster.Cluster(tmp_path, Path("patroni"), Path("bin"))
    configured = json.loads((made.nodes[0].folder / "patroni.json").read_text())
    superuser = configured["postgresql"]["authentication"]["superuser"]
    assert psycopg.conninfo.conninfo_to_dict(made.url)["password"] == superuser["password"]
