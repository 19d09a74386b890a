"""`ledgerdb console` as a program."""

from __future__ import annotations

import re
import signal

import httpx
import pytest
from typer.testing import CliRunner

from ledgerdb.cli import app
from ledgerdb.errors import LedgerError
from tests.commands import assert_refused, run, start
from tests.console.scene import Scene


def test_it_serves_until_it_is_stopped(scene: Scene) -> None:
    """With a password, which is in the environment and so in no list of processes."""
    process = start(
        "ledgerdb", "console", "--port", "0", url=scene.url, LEDGERDB_CONSOLE_PASSWORD="p" * 12
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        address = re.fullmatch(r"Console on (http://127\.0\.0\.1:\d+/) .*\n", said)
        assert address is not None, said
        answer = httpx.get(address[1], auth=("x", "p" * 12), trust_env=False)
        assert (answer.status_code, "server" in answer.headers) == (200, False)
        assert httpx.get(address[1], trust_env=False).status_code == 401
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
        assert (process.returncode, stderr) == (0, "")
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--host", "0.0.0.0"), "LEDGERDB_CONSOLE_PASSWORD"),  # noqa: S104
        (("--host", "192.0.2.1", "--behind-proxy"), "cannot listen on 192.0.2.1 port 8600"),
        (("--url", "mysql://x/y"), "not a PostgreSQL URL"),
    ],
)
def test_it_refuses(arguments: tuple[str, ...], words: str) -> None:
    """`main` prints the error in one line."""
    done = CliRunner().invoke(
        app, ["console", *arguments], env={"LEDGERDB_URL": "postgresql://x@/y"}
    )
    assert isinstance(done.exception, LedgerError | OSError)
    assert words in str(done.exception)
    assert done.output == ""


def test_a_port_in_use(scene: Scene, console: str) -> None:
    port = console.rpartition(":")[2]
    done = CliRunner().invoke(app, ["console", "--port", port], env={"LEDGERDB_URL": scene.url})
    assert f"port {port}: Address already in use" in str(done.exception)


def test_without_the_extra_it_says_what_to_install() -> None:
    hidden = "import sys; sys.modules['starlette'] = None; sys.argv = ['ledgerdb', 'console']"
    done = run("python", "-c", f"{hidden}; from ledgerdb.cli import main; main()")
    assert_refused(done, "pip install 'ledgerdb[console]'")
