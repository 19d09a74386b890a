"""Commands as a user runs them: a process of its own, no environment but what is given."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sys.executable).parent
TIMEOUT_SECONDS = 60
_OURS = ("LEDGERDB_", "DATABASE_URL", "PG")


@dataclass(frozen=True, slots=True)
class Result:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str


def environment(url: str | None = None, **variables: str) -> dict[str, str]:
    """That of the tests, without a database; `url` becomes LEDGERDB_URL."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return kept | ({} if url is None else {"LEDGERDB_URL": url}) | variables


def run(
    program: str | Path,
    *arguments: str | Path,
    url: str | None = None,
    variables: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    stdin: str | None = None,
) -> Result:
    """Runs a program of the virtual environment, or one given by its path, to its end."""
    done = subprocess.run(
        [SCRIPTS / program, *arguments],
        check=False,
        capture_output=True,
        text=True,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        cwd=cwd,
        env=environment(url, **(variables or {})),
        timeout=TIMEOUT_SECONDS,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def start(
    program: str, *arguments: str | Path, url: str, **variables: str
) -> subprocess.Popen[str]:
    """Starts a program of the virtual environment; the caller waits for it or kills it."""
    return subprocess.Popen(
        [SCRIPTS / program, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(url, **variables),
    )


def assert_refused(result: Result, *words: str, lines: int = 1, secret: str | None = None) -> None:
    """It failed, and said why on stderr in few lines: each of `words`, no traceback, no secret."""
    assert result.code != 0, result
    assert result.stdout == ""
    for word in words:
        assert word in result.stderr, result
    assert "Traceback" not in result.stderr, result
    assert len(result.stderr.strip().splitlines()) == lines, result.stderr
    if secret is not None:
        assert secret not in result.stderr
