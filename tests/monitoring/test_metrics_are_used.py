"""Collector, rules, dashboard and docs speak of the same metrics."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, Metric

from examples.services.ingress.frame import Metrics as IngressMetrics
from ledgerdb import WorkerStats
from ledgerdb.metrics import WorkerCollector
from ledgerdb.metrics.families import families_of, up
from tests.commands import ROOT
from tests.metrics.readings import reading
from tests.monitoring.test_rules import ALERTS, MONITORING, promtool

DASHBOARD = json.loads((MONITORING / "ledgerdb.dashboard.json").read_text())
COLUMNS = 24
NAME = re.compile(r"\b(?:ledgerdb|ingress|worker)_[a-z0-9_]+\b")
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def ours() -> list[Metric]:
    """The families of the collector, with breakdowns."""
    return [*up(True, 0.1), *families_of(reading())]  # noqa: FBT003


def exposed() -> dict[str, Metric]:
    """Every sample name that a scrape may hold."""
    registry = CollectorRegistry()
    registry.register(WorkerCollector(WorkerStats()))
    families = [*ours(), *registry.collect(), *IngressMetrics().registry.collect()]
    return {
        f"{family.name}{suffix}": family for family in families for suffix in SUFFIXES[family.type]
    }


def names(expression: str) -> set[str]:
    """The metrics in an expression: what stands in quotes or labels is none."""
    bare = re.sub(r'"[^"]*"', "", expression)
    return {
        name
        for name in NAME.findall(re.sub(r"\b(?:by|without)\s*\([^)]*\)", "", bare))
        if not name.endswith("_job")
    }


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    for panel in panels():
        for target in panel["targets"]:
            yield target["expr"]


def test_what_rules_and_dashboard_name_exists() -> None:
    known = set(exposed())
    for expression in (*(rule["expr"] for rule in ALERTS.values()), *expressions()):
        assert names(expression), expression
        assert names(expression) <= known, expression


def test_a_name_that_does_not_exist_is_found() -> None:
    assert names('sum by (ledgerdb_x) (rate(ledgerdb_gone{job=~"ledgerdb_y"}[5m]))') == {
        "ledgerdb_gone"
    }


def test_every_metric_of_the_ledger_is_on_the_dashboard() -> None:
    shown = set().union(*(names(expression) for expression in expressions()))
    assert {family.name for family in ours()} - shown == set()


def test_every_metric_of_the_library_is_documented() -> None:
    documented = re.findall(
        r"^\| `([a-z_]+)(?:\{[^}]*\})?` \|", (ROOT / "docs/monitoring.md").read_text(), re.MULTILINE
    )
    expected = [family.name for family in ours()] + ["ledgerdb_worker_items_total"]
    assert sorted(documented) == sorted(expected)


def test_names_follow_the_conventions() -> None:
    for family in ours():
        assert re.fullmatch(r"ledgerdb_[a-z_]+", family.name)
        assert family.documentation.endswith(".")
        assert not family.name.endswith(("_total", "_ms", "_milliseconds", "_minutes"))


def test_panels_do_not_overlap_and_stay_on_the_grid() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] >= 0
        assert at["x"] + at["w"] <= COLUMNS
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert (x, y) not in taken, (panel["title"], taken.get((x, y)))
                taken[x, y] = panel["title"]


def test_the_dashboard_can_be_imported() -> None:
    assert DASHBOARD["id"] is None
    assert DASHBOARD["schemaVersion"] >= 36
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z_]+)\}?", json.dumps(DASHBOARD))) - {"__rate_interval"}
    assert used == variables
    assert DASHBOARD["templating"]["list"][0]["type"] == "datasource"


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: str(panel["title"]))
def test_a_panel_explains_itself(panel: dict[str, Any]) -> None:
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert panel["datasource"]["uid"] == "${datasource}"
    for link in panel["links"]:
        alert = re.fullmatch(r"\$\{runbooks\}/(\w+)\.md", link["url"])
        assert alert is not None
        assert alert[1] in ALERTS


def test_every_alert_is_linked_from_a_panel() -> None:
    linked = {link["url"] for panel in panels() for link in panel["links"]}
    assert linked == {f"${{runbooks}}/{alert}.md" for alert in ALERTS}


def test_prometheus_parses_every_expression(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, expression in enumerate(expressions())
    ]
    (tmp_path / "panels.yml").write_text(
        yaml.safe_dump({"groups": [{"name": "d", "rules": rules}]})
    )
    done = promtool("check", "rules", "panels.yml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "panels.yml").write_text(
        yaml.safe_dump(
            {"groups": [{"name": "d", "rules": [{"record": "a:b", "expr": "sum by ("}]}]}
        )
    )
    assert promtool("check", "rules", "panels.yml", cwd=tmp_path).returncode != 0
