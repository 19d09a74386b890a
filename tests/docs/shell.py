"""Whether the commands of a console block exist: programs, subcommands and options."""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Final

from tests.commands import ROOT
from tools.site.commands import Command, commands

__all__ = ["mistakes"]

# What a page may use beside ledgerdb: a POSIX system, and what it says to install.
_OTHERS: Final = frozenset(
    [
        "alembic",
        "cd",
        "chromium",
        "cp",
        "curl",
        "done",
        "echo",
        "env",
        "exit",
        "export",
        "false",
        "for",
        "git",
        "grep",
        "head",
        "ls",
        "make",
        "mkdir",
        "pip",
        "psql",
        "python",
        "sed",
        "seq",
        "sleep",
        "tail",
        "true",
        "wait",
    ]
)
_SEPARATORS: Final = frozenset({"|", "||", "&&", ";", "&", "(", ")", "do"})
_ASSIGNMENT: Final = re.compile(r"[A-Z_]+=")


def mistakes(line: str) -> list[str]:
    """What is wrong with a command line; empty where nothing is."""
    try:
        return [found for words in _simple(line) for found in _judge(words)]
    except ValueError as error:  # an open quote
        return [f"{line}: {error}"]


def _simple(line: str) -> Iterator[list[str]]:
    """The words of each simple command, without assignments and redirections."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    words: list[str] = []
    skip = False
    for token in [*lexer, ";"]:
        if skip:
            skip = False
        elif token in _SEPARATORS or set(token) <= set(";&|()"):
            if words:
                yield words
            words = []
        elif set(token) <= set("<>&"):
            skip = True
            if words and words[-1].isdigit():
                words.pop()
        elif words or not _ASSIGNMENT.match(token):
            words.append(token)


def _judge(words: list[str]) -> Iterator[str]:
    program, *rest = words
    if program == "ledgerdb":
        yield from _ledgerdb(rest)
    elif program == "make":
        targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        yield from (f"make {w}: no such target" for w in rest if "=" not in w and w not in targets)
    elif program == "python":
        yield from _python(rest)
    elif program not in _OTHERS:
        yield f"{program}: an unknown program"


@cache
def _commands() -> dict[str, Command]:
    return dict(commands())


def _ledgerdb(words: list[str]) -> Iterator[str]:
    name = "ledgerdb"
    while words and f"{name} {words[0]}" in _commands():
        name = f"{name} {words.pop(0)}"
    command = _commands()[name]
    if hasattr(command, "commands") and words and not words[0].startswith("-"):
        yield f"{name} {words[0]}: no such command"
        return
    known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
    options = {p: word for word in words if (p := word.partition("=")[0]).startswith("--")}
    yield from (f"{name} {option}: no such option" for option in options if option not in known)


def _python(words: list[str]) -> Iterator[str]:
    match words:
        case ["-m", module, *_] if importlib.util.find_spec(module) is None:
            yield f"python -m {module}: no such module"
        case ["-c", source, *_]:
            try:
                ast.parse(source)
            except SyntaxError as error:
                yield f"python -c {source!r}: {error}"
