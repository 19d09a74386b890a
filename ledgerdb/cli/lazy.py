"""Commands that are loaded when they are used: `--help` and completion need only their names.

Alembic, SQLAlchemy and a server's client take most of a second to import; a shell that completes a
word has no such time, and `ledgerdb status` needs no Alembic.
"""

from __future__ import annotations

from collections import UserDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

__all__ = ["LazyGroup", "Place", "Sign"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is, and what help says of it.

    Attributes:
        where: `module:name` of a function, or of a group.
        summary: the first paragraph of its help; a test compares the two.
        panel: the heading that it stands below.
    """

    where: str
    summary: str
    panel: str | None = None


class Sign(TyperCommand):
    """Stands for a command until somebody uses it."""

    def __init__(self, name: str, place: Place) -> None:
        super().__init__(name, help=place.summary, rich_help_panel=place.panel)
        self._where = place.where

    def load(self) -> TyperCommand | TyperGroup:
        """The command itself."""
        module, _, name = self._where.partition(":")
        found: typer.Typer | Callable[..., None] = getattr(import_module(module), name)
        if isinstance(found, typer.Typer):
            return typer.main.get_group(found)
        holder = typer.Typer(add_completion=False)
        holder.command(self.name)(found)
        command = typer.main.get_command(holder)
        assert isinstance(command, TyperCommand)  # noqa: S101 - of a Typer with one command
        return command


class _OnUse(UserDict[str, Any]):
    """Commands by name, each loaded when it is taken out."""

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - of typer's own click
        if isinstance(sign := self.data[name], Sign):
            self.data[name] = sign.load()
        return self.data[name]


class LazyGroup(TyperGroup):
    """A group of commands that are named in a table."""

    places: ClassVar[Mapping[str, Place]]

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - what typer gives to a group
        super().__init__(**attributes)
        self._signs = {name: Sign(name, place) for name, place in self.places.items()}
        self.commands = _OnUse(self._signs)

    def list_commands(self, ctx: object) -> list[str]:
        """The names, in the order of the table."""
        return list(self._signs)

    def get_command(self, ctx: object, cmd_name: str) -> Any:  # noqa: ANN401 - of typer's own click
        """What help and completion show of a command."""
        return self._signs.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:  # noqa: ANN401 - of typer's own click
        """The command that the arguments begin with, loaded."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, self.commands[name] if name in self._signs else command, rest
