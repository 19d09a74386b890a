"""A catalog, or what changed in one, as a file: JSON with one object per line, for reviews."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ledgerdb.catalog.model import Json, Key, ranked

__all__ = ["parse", "render"]


def render(entries: Mapping[Key, Json]) -> str:
    """The text; the same for the same entries."""
    kinds: dict[str, list[str]] = {}
    for key, value in ranked(entries.items()):
        name, definition = (json.dumps(x, ensure_ascii=False) for x in (key.name, value))
        kinds.setdefault(key.kind, []).append(f"    {name}: {definition}")
    blocks = (
        f'  "{kind}": {{\n' + ",\n".join(objects) + "\n  }" for kind, objects in kinds.items()
    )
    return "{\n" + ",\n".join(blocks) + "\n}\n" if kinds else "{}\n"


def parse(text: str) -> dict[Key, Json]:
    """The entries of a text that `render` wrote."""
    return {
        Key(kind, name): value
        for kind, objects in json.loads(text).items()
        for name, value in objects.items()
    }
