"""The services as programs: processes of their own, with an environment of their own."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.commands import ROOT, environment
from tests.waiting import until


def free_port() -> int:
    """Free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """A process, and what it said on stderr so far."""

    def __init__(self, process: subprocess.Popen[str], log: Path, port: int) -> None:
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._log = log

    def said(self) -> list[dict[str, object]]:
        """Its log lines; one that is no JSON fails here."""
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def text(self) -> str:
        """Everything it said."""
        return self._log.read_text()

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self.process.terminate()
        return self.process.wait(60)

    def answers(self) -> bool:
        """Whether /healthz does."""
        if self.process.poll() is not None:
            raise AssertionError(self.text())
        try:
            return httpx.get(f"{self.url}/healthz").status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def running(module: str, folder: Path, port: int, **variables: str) -> Iterator[Program]:
    """A service that answers; it does not outlive the block."""
    log = folder / f"{re.sub(r'[^a-z]', '-', module)}-{port}.log"
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=environment(None, **variables),
            stderr=stderr,
            text=True,
        ) as process,
    ):
        program = Program(process, log, port)
        try:
            until(program.answers)
            yield program
        finally:
            process.kill()


def refused(main: Callable[[], None], **variables: str) -> str:
    """What a service that does not start says, on one line, with exit code 1."""
    kept = {name: value for name, value in environment().items() if name != "ENVIRONMENT"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", kept | variables)
        with pytest.raises(SystemExit) as end:
            main()
    assert isinstance(end.value.code, str)  # printed to stderr, and exit code 1
    assert "\n" not in end.value.code
    return end.value.code
