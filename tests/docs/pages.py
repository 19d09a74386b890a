"""The built site as a browser sees it: ids, links, and what a page would fetch."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["Page", "Site"]


class Page(HTMLParser):
    """Ids and links of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collects."""
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in {"script", "img", "iframe"} and "src" in given:
            self.fetched.append(given["src"])
        if tag == "link" and given.get("rel") != "canonical" and "href" in given:
            self.fetched.append(given["href"])


class Site:
    """A folder of pages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def pages(self) -> dict[Path, Page]:
        return {path: Page(path.read_text("utf-8")) for path in self.folder.rglob("*.html")}

    def broken(self) -> Iterator[str]:
        """Links that lead to no page, or to no id of a page."""
        for path, page in self.pages.items():
            for link in page.links:
                parts = urlsplit(link)
                if parts.scheme or parts.netloc or not (parts.path or parts.fragment):
                    continue
                target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
                known = self.pages.get(target)
                if known is None and target.is_file():
                    continue
                if known is None or (parts.fragment and unquote(parts.fragment) not in known.ids):
                    yield f"{path.relative_to(self.folder)}: {link}"

    def fetched(self) -> Iterator[str]:
        """What pages and style sheets take from somewhere else."""
        for path, page in self.pages.items():
            for link in page.fetched:
                if urlsplit(link).netloc:
                    yield f"{path.relative_to(self.folder)}: {link}"
        for sheet in self.folder.rglob("*.css"):
            text = sheet.read_text("utf-8")
            yield from (
                f"{sheet.name}: {word}"
                for word in ("url(http", "url(//", "@import")
                if word in text
            )
