"""A console block without a prompt has commands only, and is coloured as such."""

from __future__ import annotations

from typing import Any

from docutils import nodes  # type: ignore[import-untyped]  # it has no types
from sphinx.transforms import SphinxTransform

__all__ = ["PromptlessConsoles"]


class PromptlessConsoles(SphinxTransform):
    """Pygments takes every line of a session without a prompt for output, and greys it out."""

    default_priority = 5

    def apply(self, **_: Any) -> None:  # noqa: ANN401 - the signature of docutils
        """Calls such a block what it is: shell commands."""
        for block in self.document.findall(nodes.literal_block):
            lines = block.astext().splitlines()
            if block.get("language") == "console" and not any(
                line.startswith("$ ") for line in lines
            ):
                block["language"] = "bash"
