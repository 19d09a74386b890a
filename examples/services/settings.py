"""Settings from the environment: one typed class per service, read and checked at its start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from ledgerdb import ConfigurationError

__all__ = ["from_environment"]

S = TypeVar("S", bound=msgspec.Struct)


def from_environment(kind: type[S], prefix: str, environ: Mapping[str, str]) -> S:
    """The settings whose names begin with the prefix: `INGRESS_PORT` is the field `port`.

    Args:
        kind: a struct of limits and defaults; it forbids unknown fields, so a typo is an error.

    Raises:
        ConfigurationError: the name of the variable and the rule that it breaks, never its value:
            it may be a secret.
    """
    given = {
        name.removeprefix(prefix).lower(): value
        for name, value in environ.items()
        if name.startswith(prefix)
    }
    try:
        return msgspec.convert(given, kind, strict=False, dec_hook=lambda cls, value: cls(value))
    except msgspec.ValidationError as error:
        rule, _, field = str(error).partition(" - at `$.")
        if field:
            raise ConfigurationError(f"{prefix}{field.rstrip('`').upper()}: {rule}") from None
        for name in (*given, *kind.__struct_fields__):
            if f"`{name}`" in rule:
                rule = rule.replace(f"`{name}`", f"`{prefix}{name.upper()}`")
        raise ConfigurationError(
            rule.replace("Object missing", "missing").replace("Object contains", "there is an")
        ) from None
