"""Commands as processes: errors on one line, pipes that close, signals, terminals, completion."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from uuid import uuid4

import pytest

from ledgerdb.cli import main
from ledgerdb.embedded import EmbeddedServer
from ledgerdb.migrate import upgrade
from proof.ground import FAST
from tests.commands import SCRIPTS, assert_refused, environment, run, start
from tests.operations.conftest import valid
from tests.operations.scene import Scene
from tests.operations.terminal import COLUMNS, terminal

PATIENCE_SECONDS = 40.0


AWAY = "postgresql://u:hunter2@127.0.0.1:1/d"


def _main(monkeypatch: pytest.MonkeyPatch, url: str | None, *arguments: str) -> int:
    """The command line in this process, as the script starts it; its exit code."""
    for name in ("LEDGERDB_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    if url is not None:
        monkeypatch.setenv("LEDGERDB_URL", url)
    monkeypatch.setattr(sys, "argv", ["ledgerdb", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (None, "error: no database: set LEDGERDB_URL"),
        ("mysql://u:hunter2@h/d", "error: LEDGERDB_URL is not a PostgreSQL URL"),
        (AWAY, "error: no connection to the database"),
    ],
)
def test_no_database(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    url: str | None,
    words: str,
) -> None:
    assert _main(monkeypatch, url, "top", "--once") == 1
    assert _main(monkeypatch, url, "status", "--check") == 2
    out, errors = capsys.readouterr()
    assert out == ""
    assert [line.startswith(words) for line in errors.splitlines()] == [True, True], errors
    assert "hunter2" not in errors


def test_errors_are_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    reader: str,
    operator: str,
    scene: Scene,
) -> None:
    for url, arguments, words in (
        (reader, ("cancel", str(scene.due), "--reason", "x"), "this needs symphony_control"),
        (reader, ("trace", "nothing"), "there is no instruction 'nothing'"),
        (reader, ("inspect", str(uuid4())), "there is no item"),
        (operator, ("cancel", str(scene.leased), "--reason", "x"), "worker"),
        (operator, ("pause", "tenant", "x", "--reason", "x"), "scope_key: must be"),
        (reader, ("status", "--role", "nobody_such"), 'role "nobody_such" does not exist'),
    ):
        assert _main(monkeypatch, url, *arguments) == 1
        out, errors = capsys.readouterr()
        assert out == ""
        assert errors.startswith("error: ")
        assert words in errors
        assert len(errors.splitlines()) == 1


def test_an_error_of_a_process(reader: str) -> None:
    assert_refused(run("ledgerdb", "trace", "nothing", url=reader), "error: there is no")


def test_a_reader_that_goes_away_ends_it_quietly(reader: str) -> None:
    """As of `| head -1`: the first write meets a closed pipe."""
    with start("ledgerdb", "items", url=reader) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == ""
    assert running.returncode == 1


def test_any_encoding_will_do(scene: Scene, reader: str) -> None:
    with scene.connect() as connection:
        connection.execute(
            "select public.enqueue_payment_outbox('Zürich 東京', 'p', 'k', 'CITY', '{}')"
        )
    variables = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = run("ledgerdb", "items", "--rail", "CITY", url=reader, variables=variables)
    assert (done.code, done.stderr) == (0, "")
    assert "Z\\xfcrich \\u6771\\u4eac" in done.stdout


def test_an_interrupt_ends_top(reader: str) -> None:
    with start("ledgerdb", "top", "--frames", "1000", "--every", "60", url=reader) as running:
        assert running.stdout is not None
        running.stdout.readline()  # it shows the first frame, and waits
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=PATIENCE_SECONDS)
    assert (running.returncode, errors) == (130, "")


def test_keys_of_top_on_a_terminal(reader: str) -> None:
    with terminal(reader, "top", "--every", "0.2", "--by", "rail") as screen:
        assert b"\x1b[?1049h" in screen.until(b"dead-letters --by error")  # a screen of its own
        screen.type(b"p")
        screen.until(b"paused: p goes on")
        screen.type(b"q")
        last = screen.rest()
        assert b"\x1b[?1049l" in last
        assert b"\x1b[?25h" in last  # the cursor is back
        assert screen.code() == 0


def test_a_signal_to_end_leaves_the_terminal_as_it_was(reader: str) -> None:
    with terminal(reader, "top", "--every", "60") as screen:
        screen.until(b"dead-letters --by error")
        screen.kill(signal.SIGTERM)
        assert b"\x1b[?1049l" in screen.rest()
        assert screen.code() == 128 + signal.SIGTERM


def test_a_narrow_terminal_shows_whole_ids(scene: Scene, reader: str) -> None:
    with terminal(reader, "items", "--status", "READY") as screen:
        shown = screen.rest().decode()
        assert screen.code() == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert re.search(rf"^outbox id +{scene.due}\s*$", plain, re.MULTILINE)
    assert max(map(len, plain.splitlines())) <= COLUMNS
    assert "\x1b[36mREADY" in shown
    with terminal(reader, "items", "--status", "READY", NO_COLOR="1") as screen:
        assert b"\x1b[36m" not in screen.rest()
        assert screen.code() == 0


def test_top_waits_for_a_database_that_restarts() -> None:
    with EmbeddedServer(version=18, settings=FAST) as server:
        url = server.url()
        upgrade(url, "head")
        with terminal(url, "top", "--every", "0.2") as screen:
            screen.until(b"nothing needs a person")
            server.stop("immediate")
            screen.until(b"no answer at ")
            server.start()
            while b"no answer at " in screen.until(b"nothing needs a person"):
                pass
            screen.type(b"q")
            screen.rest()
            assert screen.code() == 0


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        ("bash", "complete -o default -F _ledgerdb_completion ledgerdb"),
        ("zsh", "#compdef ledgerdb"),
        ("fish", "complete --command ledgerdb"),
    ],
)
def test_completion_scripts(shell: str, words: str) -> None:
    done = run("ledgerdb", variables={"_LEDGERDB_COMPLETE": f"source_{shell}"})
    assert (done.code, done.stderr) == (0, "")
    assert words in done.stdout


OFFERED = {
    "ledgerdb pau": {"pause"},
    "ledgerdb pause ": {"QUEUE", "RAIL", "TENANT"},
    "ledgerdb items --status LE": {"LEASED"},
    "ledgerdb resolve x ": {"DISPATCHED", "FAILED", "REQUEUE"},
    "ledgerdb status --role symphony_c": {"symphony_control"},
}


def test_bash_completes() -> None:
    """The script that is printed, run by bash; no database is there, and none is asked."""
    complete = [
        f"""COMP_WORDS=({words} ""); COMP_CWORD={len(words.split()) - (not words.endswith(" "))}
        COMPREPLY=(); $function ledgerdb; echo "${{COMPREPLY[@]}}" """
        for words in OFFERED
    ]
    find = """function=$(complete -p ledgerdb | sed 's/.*-F \\([^ ]*\\).*/\\1/')"""
    script = ['eval "$(_LEDGERDB_COMPLETE=source_bash ledgerdb)"', find, *complete]
    done = subprocess.run(
        ["bash", "--norc", "-c", "\n".join(script)],
        check=True,
        capture_output=True,
        text=True,
        env=environment() | {"PATH": f"{SCRIPTS}:{os.environ['PATH']}"},
        timeout=60,
    )
    assert done.stderr == ""
    found = [set(line.split()) for line in done.stdout.splitlines()]
    assert dict(zip(OFFERED, found, strict=True)) == OFFERED


def test_one_document_on_stdout_and_the_rest_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], operator: str
) -> None:
    assert _main(monkeypatch, operator, "pause", "rail", "NONE", "--reason", "x", "--json") == 0
    out, errors = capsys.readouterr()
    valid("pause", out)
    assert "is that its name?" in errors
