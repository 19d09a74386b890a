"""Alert rules: Prometheus' own checker reads them, every alert is seen to fire and to be silent,
and each has its runbook.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands import ROOT
from tests.programs import found

MONITORING = ROOT / "examples" / "monitoring"
RUNBOOKS = ROOT / "docs" / "runbooks" / "alerts"
RULES = "ledgerdb.rules.yml"
TESTS = "ledgerdb.rules.test.yml"
HEADS = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Never"]


def load(name: str) -> Any:  # noqa: ANN401 - YAML
    return yaml.safe_load((MONITORING / name).read_text())


ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in load(RULES)["groups"] for rule in group["rules"]
}


def promtool(*arguments: str | Path, cwd: Path = MONITORING) -> subprocess.CompletedProcess[str]:
    program = found("promtool", "prometheus")
    return subprocess.run(
        [program, *arguments], cwd=cwd, check=False, capture_output=True, text=True, timeout=60
    )


def test_the_rules_are_rules() -> None:
    done = promtool("check", "rules", RULES)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(ALERTS)} rules found" in done.stdout


def test_the_sample_configuration_is_one() -> None:
    done = promtool("check", "config", "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_fires_and_is_silent() -> None:
    done = promtool("test", "rules", TESTS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_is_tried_both_ways() -> None:
    tried: dict[str, set[bool]] = {}
    for test in load(TESTS)["tests"]:
        for case in test["alert_rule_test"]:
            tried.setdefault(case["alertname"], set()).add(bool(case["exp_alerts"]))
    assert tried == {alert: {True, False} for alert in ALERTS}


@pytest.mark.parametrize("broken", ["vector(0) > 1", "vector(1)"], ids=["never", "always"])
def test_a_broken_alert_is_noticed(broken: str, tmp_path: Path) -> None:
    """The tests of the rules can fail: each alert that never fires, or always, breaks them."""
    rules = load(RULES)
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule["expr"] = broken
    (tmp_path / RULES).write_text(yaml.safe_dump(rules))
    (tmp_path / TESTS).write_text((MONITORING / TESTS).read_text())
    done = promtool("test", "rules", TESTS, cwd=tmp_path)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    wanted = " fires" if broken == "vector(0) > 1" else " is silent"
    assert [alert for alert in ALERTS if f"{alert}{wanted}" not in said] == []


def test_each_alert_has_its_runbook_and_no_runbook_is_left_over() -> None:
    pages = {path.stem for path in RUNBOOKS.glob("*.md")}
    assert pages == set(ALERTS)
    for alert, rule in ALERTS.items():
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks/alerts/{alert}.md"
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_a_runbook_says_what_it_must(alert: str) -> None:
    text = (RUNBOOKS / f"{alert}.md").read_text()
    assert text.startswith(f"# {alert}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == HEADS
    assert ALERTS[alert]["labels"]["severity"] in text.split("## Meaning")[0]
    assert "```" in text.split("## Diagnosis")[1].split("## Mitigation")[0]
