"""The `ledgerdb-commands` directive: every command, argument and option, read from the CLI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import typer.main
from docutils import nodes  # type: ignore[import-untyped]  # it has no types
from sphinx.util.docutils import SphinxDirective

from ledgerdb.cli import app

__all__ = ["Command", "CommandsDirective", "commands"]

_SHORT_CHARS_MAX: Final = 120
Command = Any  # typer has click inside, without a public name for it


def commands() -> Iterator[tuple[str, Command]]:
    """Full name and command, groups first, in the order of `--help`."""
    yield from _below("ledgerdb", typer.main.get_command(app))


def _below(name: str, command: Command) -> Iterator[tuple[str, Command]]:
    yield name, command
    for part, below in getattr(command, "commands", {}).items():
        if not below.hidden:
            yield from _below(f"{name} {part}", below)


class CommandsDirective(SphinxDirective):
    """A section for each command."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        """Sections with what `--help` says."""
        text = "\n".join(line for name, command in commands() for line in _section(name, command))
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def _section(name: str, command: Command) -> Iterator[str]:
    below = getattr(command, "commands", None)
    yield from (f"## {name}", "", (command.help or "").strip(), "")
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
    words = [name, *(["[OPTIONS]"] if options else []), *(_usage(p) for p in arguments)]
    yield from ("```text", " ".join([*words, *(["COMMAND"] if below else [])]), "```", "")
    if below:
        yield from ("| command | |", "|---|---|")
        for part, command_below in below.items():
            link = f"[`{name} {part}`](#{_slug(f'{name} {part}')})"
            yield f"| {link} | {command_below.get_short_help_str(_SHORT_CHARS_MAX)} |"
        yield ""
    if arguments or options:
        yield from ("| | default | environment | |", "|---|---|---|---|")
    for parameter in (*arguments, *options):
        yield _row(parameter)
    yield ""


def _usage(parameter: Command) -> str:
    name = (parameter.metavar or parameter.name).upper()
    name += "..." if parameter.nargs != 1 else ""
    return name if parameter.required else f"[{name}]"


def _row(parameter: Command) -> str:
    names = [*parameter.opts, *parameter.secondary_opts]
    if parameter.param_type_name == "argument":
        shown = f"`{_usage(parameter)}`"
    else:
        value = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
        shown = ", ".join(f"`{name}{value}`" for name in names)
    cells = [shown, _default(parameter), _environment(parameter), _help(parameter)]
    return f"| {' | '.join(cells)} |"


def _default(parameter: Command) -> str:
    if parameter.required:
        return "required"
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    shown = parameter.show_default and parameter.default not in {None, False, ()}
    return f"`{parameter.default}`" if shown and not callable(parameter.default) else ""


def _environment(parameter: Command) -> str:
    names = parameter.envvar or ()
    return ", ".join(f"`{name}`" for name in ([names] if isinstance(names, str) else names))


def _help(parameter: Command) -> str:
    text = " ".join((parameter.help or "").split())
    bounds = (parameter.min, parameter.max)
    if bounds != (None, None):
        low, high = ("" if bound is None else str(bound) for bound in bounds)
        text += f" ({f'{low} to {high}' if low and high else f'{low or high} or more'})"
    if parameter.multiple:
        text += " May be given more than once."
    return text.replace("|", "\\|")


def _slug(name: str) -> str:
    return name.replace(" ", "-")
