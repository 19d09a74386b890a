"""What a worker needs of a rail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Protocol, TypeAlias

from ledgerdb import ClaimedItem, ConfigurationError
from ledgerdb.worker import Answer

__all__ = ["Maker", "RailAdapter", "load"]


class RailAdapter(Protocol):
    """Sends payments to one rail.

    Attributes:
        knows_keys: the rail takes an idempotency key and sends once per key. For a rail that does
            not, the worker declares each dispatch, and a lost answer leaves the item in doubt.
    """

    knows_keys: bool

    async def send(self, item: ClaimedItem) -> Answer:
        """Sends one payment, under `item.rail_key`.

        `Rejected` is for what the rail has refused in so many words: a lost answer is a `Retry`
        where the rail knows keys, and `Unknown` where it does not.
        """

    async def close(self) -> None:
        """Gives connections back."""


Maker: TypeAlias = Callable[[Mapping[str, str]], RailAdapter]


def load(name: str, environ: Mapping[str, str]) -> RailAdapter:
    """The adapter that `package.module:maker` makes from the environment.

    Raises:
        ConfigurationError: there is no such maker, or it misses a setting.
    """
    module, _, maker = name.partition(":")
    try:
        make: Maker = getattr(import_module(module), maker)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"rail {name!r}: {error}") from None
    return make(environ)
