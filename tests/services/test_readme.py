"""The walk-through of the README, command by command, in one shell; and what its pages say."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from examples.services.ingress.body import BODY_BYTES_MAX
from examples.services.ingress.openapi import document
from examples.services.ingress.payload import DEPTH_MAX
from examples.services.ingress.settings import IngressSettings
from examples.services.load import differences
from examples.services.play import Stage, free_ports
from examples.services.run import WISHES
from ledgerdb.packs import check_pack, read_pack
from ledgerdb.rows import IDENTIFIER_CHARS_MAX, PAYLOAD_BYTES_MAX
from tests.commands import ROOT, SCRIPTS, environment

README = ROOT / "examples" / "services" / "README.md"
WALK = re.compile(r"<!-- walk: (\w+) -->\n```console\n(.*?)```", re.DOTALL)
WAIT = """
until curl -sf http://127.0.0.1:8080/readyz && curl -sf http://127.0.0.1:8081/healthz
do sleep 0.1; done
"""
DISPATCHED = """
until curl -s http://127.0.0.1:8080/v1/instructions/INV-1 -H "x-api-key: $API_KEY" \
  -H 'x-tenant-id: 6f1c2a54-0c2b-4c8e-9d59-0d5f4c1f7b10' -H 'x-participant-id: BANK-A' \
  | grep -q DISPATCHED
do sleep 0.1; done
"""
END = "echo; kill $(jobs -p); wait"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_walk_through(services_url: str, tmp_path: Path) -> None:
    steps = dict(WALK.findall(README.read_text("utf-8")))
    assert list(steps) == ["prepare", "key", "start", "submit", "look", "refuse"]
    script = "set -e\n" + steps["prepare"] + steps["key"] + steps["start"] + WAIT
    script += "echo; echo SUBMIT\n" + steps["submit"] + DISPATCHED
    script += "echo; echo LOOK\n" + steps["look"].replace("\nledgerdb", "\necho; ledgerdb")
    script += "echo; echo REFUSE\n" + steps["refuse"] + END
    for port in (8080, 8081, 8090):
        script = script.replace(str(port), str(free_ports(1)[0]))
    script = script.replace("'postgresql://...'", f"'{services_url}'")
    path = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment(PATH=path, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode in (0, 143), done.stderr
    _, _, rest = done.stdout.partition("\nSUBMIT\n")
    submitted, _, rest = rest.partition("\nLOOK\n")
    looked, _, refused = rest.partition("\nREFUSE\n")
    assert submitted.startswith("HTTP/1.1 202 "), done
    assert json.loads(submitted.splitlines()[-1])["replayed"] is False
    status = json.loads(looked.strip().splitlines()[0])
    pack = (tmp_path / "pack.json").read_bytes()
    assert status["state"] == read_pack(pack)["outbox"]["state"] == "DISPATCHED"
    assert check_pack(pack).ok, looked
    fields = [error["field"] for error in json.loads(refused.strip().splitlines()[0])["errors"]]
    assert {"x-tenant-id", "tenant_id", "instruction_id", "payload", "amount"} <= set(fields)


def test_the_table_of_answers_is_that_of_the_document() -> None:
    rows = re.findall(r"^\| ([0-9]{3}(?:, [0-9]{3})*) ", README.read_text("utf-8"), re.MULTILINE)
    named = {int(code) for row in rows for code in row.split(", ")}
    codes = {
        int(code)
        for operations in document()["paths"].values()
        for operation in operations.values()
        for code in operation["responses"]
    }
    assert named == codes - {200, 405}


def test_its_limits_are_those_of_the_code() -> None:
    text = README.read_text("utf-8")
    assert f"at most {BODY_BYTES_MAX} bytes" in text
    assert f"at most {PAYLOAD_BYTES_MAX} bytes, nested at most {DEPTH_MAX} deep" in text
    assert f"1 to {IDENTIFIER_CHARS_MAX} characters" in text


def test_every_setting_is_described() -> None:
    described = str(IngressSettings.__doc__)
    for name in IngressSettings.__struct_fields__:
        assert name in described or name == "log_level", name
    assert "reject" in WISHES


def test_what_is_lost_twice_or_other_is_found(tmp_path: Path, services_url: str) -> None:
    """The load's comparison can fail."""
    stage = Stage(services_url, tmp_path)
    assert stage.headers["x-api-key"] not in (tmp_path / "keys.json").read_text()
    assert differences(services_url, {}) == []
    (finding,) = differences(services_url, {"never": "x"})
    assert "never: stored None" in finding
