"""Runs the examples of a page as its reader would: Python in one interpreter, SQL in psql, commands
in a shell, one after the other, and compares what they print.

In a console block a line behind `$ ` is a command, the lines after it are its output; `...` stands
for what differs from run to run. A command must succeed, or say `# exit code N`. A block without
`$ ` has commands only. What a block exports is there for the next one.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ledgerdb._programs import Programs
from tests.commands import SCRIPTS, environment
from tests.docs.blocks import Block, blocks

__all__ = ["Command", "Difference", "Session", "commands_of"]

_SECONDS_MAX: Final = 120
_MARKER: Final = "\x1e"
_CODE: Final = re.compile(r"#.*\bexit code (\d+)")
_COMPARED: Final = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Difference(AssertionError):
    """An example did something else than the page says."""


@dataclass(frozen=True, slots=True)
class Command:
    """A line of a console block; `output` is None where the page shows none."""

    line: str
    output: str | None

    @property
    def code(self) -> int:
        """The exit code that the page promises."""
        match = _CODE.search(self.line)
        return int(match[1]) if match else 0


def commands_of(text: str) -> list[Command]:
    """The commands of a console block; a line that ends in a backslash goes on."""
    prompted = any(line.startswith("$ ") for line in text.splitlines())
    lines = text.replace("\\\n", "").splitlines()
    if not prompted:
        return [Command(line, None) for line in lines if line.strip() and line[0] != "#"]
    found: list[Command] = []
    for line in lines:
        if line.startswith("$ "):
            found.append(Command(line[2:], ""))
        else:
            last = found.pop()
            found.append(Command(last.line, f"{last.output}{line}\n"))
    return found


class Session:
    """What the examples of one page share: names, variables, a folder and a database."""

    def __init__(self, url: str, folder: Path, root: Path) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}
        programs = Programs(18, None)
        self.environment = environment(
            url,
            PATH=os.pathsep.join(map(str, (SCRIPTS, programs.bin_dir, os.environ["PATH"]))),
            COLUMNS="110",
            CHECKOUT=str(root),
            PGCLIENTENCODING="UTF8",
        )
        self.folder = folder
        self._runners = {"console": self._console, "python": self._python, "sql": self._sql}

    def run(self, page: Path, *, only: str | None = None) -> int:
        """Runs every example of a page, or those of one name; how many there were.

        Raises:
            Difference: one failed, or printed something else.
        """
        count, printed = 0, None
        for block in blocks(page):
            if block.mark == "output" and printed is not None:
                _compare(block, block.text, printed)
            elif block.mark == "file":
                (self.folder / block.note).write_text(block.text)
            elif block.mark == "example":
                printed = None
                if only in {None, block.note}:
                    count += 1
                    printed = self._runners[block.language](block)
        return count

    def _python(self, block: Block) -> str:
        printed = io.StringIO()
        source = "\n" * block.line + block.text  # a traceback names the line of the page
        with self._as_process(), contextlib.redirect_stdout(printed):
            exec(compile(source, str(block.page), "exec"), self.names)  # noqa: S102 - our pages
        return printed.getvalue()

    @contextlib.contextmanager
    def _as_process(self) -> Iterator[None]:
        kept, folder = dict(os.environ), Path.cwd()
        os.environ.clear()
        os.environ.update(self.environment)
        os.chdir(self.folder)
        try:
            yield
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(kept)

    def _sql(self, block: Block) -> str:
        done = self._shell(
            'exec psql -X --set ON_ERROR_STOP=1 --no-psqlrc "$LEDGERDB_URL" -f -', block.text
        )
        if done.returncode:
            raise Difference(f"{block}: {done.stdout}")
        return done.stdout

    def _console(self, block: Block) -> str:
        commands = commands_of(block.text)
        state = self.folder / ".environment"
        script = "\n".join(
            f"{command.line}\nprintf '{_MARKER}%d{_MARKER}' $?" for command in commands
        )
        done = self._shell(f"{script}\nenv -0 > '{state}'")
        parts = done.stdout.split(_MARKER)
        answers = list(zip(parts[::2], parts[1::2], strict=False))
        if len(answers) != len(commands):
            raise Difference(f"{block}: the shell ended early: {done.stdout}")
        self.environment = dict(
            entry.split("=", 1) for entry in state.read_text().split("\0") if "=" in entry
        )
        for command, (output, code) in zip(commands, answers, strict=True):
            if int(code) != command.code:
                raise Difference(f"{block}: {command.line}: exit code {code}:\n{output}")
            if command.output is not None:
                _compare(block, command.output, output)
        return "".join(output for output, _ in answers)

    def _shell(self, script: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", script],
            check=False,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            env=self.environment,
            timeout=_SECONDS_MAX,
        )


def _compare(block: Block, expected: str, printed: str) -> None:
    checker = doctest.OutputChecker()
    if not checker.check_output(expected, printed, _COMPARED):
        example = doctest.Example("", expected, indent=4)
        difference = checker.output_difference(example, printed, _COMPARED)
        raise Difference(f"{block}:\n{difference}")
