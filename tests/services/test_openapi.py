"""The OpenAPI document is served, valid, and true: generated requests, good and bad, get what it
says.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from tests.commands import ROOT, SCRIPTS, environment
from tests.services.ingress import Served

EXAMPLES: Final = "6"  # of each operation, beside what the coverage phase makes


def fuzz(url: str, key: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """schemathesis as a program, with every check that it has."""
    return subprocess.run(
        [
            *(
                SCRIPTS / "schemathesis",
                "run",
                f"{url}/openapi.json",
                "--header",
                f"x-api-key: {key}",
            ),
            *("--phases", "coverage,fuzzing", "--checks", "all"),
            *("--seed", "6", "--max-examples", EXAMPLES, "--no-color", "--warnings", "off"),
        ],
        cwd=folder,
        env=environment(
            SCHEMATHESIS_HOOKS="tests.services.schemathesis_hooks", PYTHONPATH=str(ROOT)
        ),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_generated_requests_get_what_it_says(ingress: Served, tmp_path: Path) -> None:
    before = answered(ingress)
    done = fuzz(ingress.url, ingress.keys["first"], tmp_path)
    assert done.returncode == 0, done.stdout
    new = {name: count - before.get(name, 0) for name, count in answered(ingress).items()}
    for reached in ("202", "400", "401", "403", "405"):  # so it was not all refused at the door
        assert new.get(f'{{route="submit",status="{reached}"}}', 0) > 0, new
    assert not [name for name in new if 'status="5' in name and new[name]]


def answered(ingress: Served) -> dict[str, float]:
    """How many answers of each kind there were."""
    lines = ingress.client.get("/metrics").text.splitlines()
    pairs = [line.rsplit(" ", 1) for line in lines if line.startswith("ingress_requests_total{")]
    return {name.removeprefix("ingress_requests_total"): float(count) for name, count in pairs}


def test_it_names_every_answer_with_its_body(ingress: Served) -> None:
    document = ingress.client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for code, response in operation["responses"].items():
                (media,) = response["content"]
                problem = int(code) >= 400
                assert (media == "application/problem+json") == problem, (path, code)
    submit = document["paths"]["/v1/ingress/instructions"]["post"]
    assert set(submit["responses"]) == {
        *("202", "400", "401", "403", "405", "408", "409", "413", "415", "429", "503")
    }
    required = {each["name"] for each in submit["parameters"] if each["required"]}
    assert required == {"x-tenant-id", "x-participant-id"}
