"""The commands, as they are typed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.results import write
from tests.bench.conftest import document
from tests.commands import ROOT, environment


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs a command in this process; its exit code."""

    def run(*arguments: str | Path) -> int:
        monkeypatch.setattr(sys, "argv", ["bench", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    return run


def bench(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(COLUMNS="200"),
        timeout=100,
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--quick", "--long"), "--quick and --long: one of them"),
        (("run", "--workloads", "drain,sleep"), "'sleep' is none of enqueue-one"),
        (("run", "--systems", "ledgerdb,pigeon"), "--systems: 'pigeon' is none of ledgerdb, "),
        (
            ("run", "--workloads", "ingress", "--systems", "bare insert"),
            "--systems: bare insert takes no part in ingress",
        ),
        (("run", "--postgres", "17"), "--postgres: one of (16, 18), not 17"),
        (("targets", "missing.json"), "missing.json: no results"),
        (("report", "missing.json"), "missing.json: no results"),
    ],
)
def test_a_wrong_input(
    arguments: tuple[str, ...],
    said: str,
    typed: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert typed(*arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1


def test_a_run_of_one_workload(
    tmp_path: Path, typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "results.json"
    chosen = ("--workloads", "ingress", "--systems", "ledgerdb,psql per call")
    done = bench("run", "--quick", *chosen, "--out", path)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(path.read_text())
    assert found["command"] == (
        "python -m bench run --quick --workloads ingress --systems 'ledgerdb,psql per call'"
    )
    assert found["server"]["settings"]["fsync"] == "on"
    assert [entry["system"] for entry in found["results"]] == ["ledgerdb", "psql per call"]
    assert all(len(e["numbers"]["p95_ms"]) == 3 for e in found["results"])
    assert typed("targets", path) == 1
    assert "psql process" in capsys.readouterr().out
    assert typed("report", path, "--docs", tmp_path / "docs") == 0
    assert "## ingress" in (tmp_path / "docs" / "performance.md").read_text()


def test_targets_say_what_was_not_measured(
    tmp_path: Path, typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "results.json"
    write(path, document())
    assert typed("targets", path) == 1
    assert "not measured" in " ".join(capsys.readouterr().out.split())
