"""What a command of the proofs answers to a wrong input: a line that says what is wrong, and 2."""

from __future__ import annotations

import subprocess
import sys

import pytest

from proof.ground import REPLACE_VARIABLE
from tests.commands import ROOT


@pytest.mark.parametrize(
    ("arguments", "replaced", "said"),
    [
        (("promises", "--version", "17"), "", "no embedded PostgreSQL 17"),
        (("promises",), "/missing.sql", f"{REPLACE_VARIABLE}: cannot be read"),
        (("mutants", "--file", "/missing.sql"), "", "does not exist"),
    ],
)
def test_a_wrong_input(arguments: tuple[str, ...], replaced: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "proof", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", REPLACE_VARIABLE: replaced},
        timeout=60,
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
