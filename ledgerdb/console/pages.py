"""One method per page: what the URL asks for, what is read, which template shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Final
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ledgerdb._version import __version__
from ledgerdb.console import charts, query
from ledgerdb.console.concerns import concerns_of
from ledgerdb.console.lists import STATUSES
from ledgerdb.console.settings import ConsoleSettings
from ledgerdb.console.source import Source
from ledgerdb.console.timeline import timeline_of
from ledgerdb.console.words import FILTERS

__all__ = ["Pages"]

_MINUTES: Final = 60
_DOUBTS_MAX: Final = 200


class Pages:
    """The pages of the console. Each may raise `BadRequest`, `HTTPException` and `LedgerError`."""

    def __init__(self, source: Source, settings: ConsoleSettings) -> None:
        self._source = source
        self._settings = settings
        self._templates = Environment(
            loader=PackageLoader("ledgerdb.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(FILTERS)
        self._templates.globals.update(
            link=query.link, statuses=STATUSES, version=__version__, scale=1000
        )

    def overview(self, _: Request) -> Response:
        """The queue at a glance."""
        overview = self._source.overview(self._settings.top, _MINUTES)
        return self.show(
            "overview.html.j2",
            refresh=self._settings.refresh_seconds,
            overview=overview,
            concerns=concerns_of(overview),
            throughput=charts.throughput(overview.activity),
            latency=charts.latency(overview.activity),
            top=self._settings.top,
        )

    def queue(self, request: Request) -> Response:
        """Items that have not ended."""
        given = request.query_params
        where, after = query.queue_filter(given), query.queue_cursor(given)
        page, now = self._source.queue(where, after, self._settings.page_rows)
        return self.show("queue.html.j2", where=where, after=after, page=page, now=now)

    def dead_letters(self, request: Request) -> Response:
        """Items that ended as FAILED."""
        given = request.query_params
        where, after = query.dead_letter_filter(given), query.dead_letter_cursor(given)
        page = self._source.dead_letters(where, after, self._settings.page_rows)
        following = (
            query.cursor(page.rows[-1].completed_at, page.rows[-1].outbox_id) if page.more else None
        )
        return self.show(
            "dead_letters.html.j2", where=where, after=after, page=page, following=following
        )

    def doubts(self, _: Request) -> Response:
        """Items of which nobody knows whether they were sent."""
        page, now = self._source.doubts(_DOUBTS_MAX)
        return self.show(
            "doubts.html.j2", refresh=self._settings.refresh_seconds, page=page, now=now
        )

    def controls(self, _: Request) -> Response:
        """How the queue runs, and who changed it."""
        return self.show("controls.html.j2", controls=self._source.controls())

    def search(self, request: Request) -> Response:
        """By outbox id, which leads to the item; else by instruction id, of every tenant."""
        wanted = query.text(request.query_params, "q")
        if wanted is None:
            return self.show("search.html.j2", wanted="", found=None)
        outbox_id = _as_uuid(wanted)
        if outbox_id is not None and self._source.item(outbox_id) is not None:
            return RedirectResponse(f"/items/{outbox_id}", 303)
        found = self._source.find(wanted)
        return self.show("search.html.j2", 200 if found else 404, wanted=wanted, found=found)

    def item(self, request: Request) -> Response:
        """The whole life of an item."""
        outbox_id = _as_uuid(request.path_params["outbox_id"])
        item = None if outbox_id is None else self._source.item(outbox_id)
        if item is None:
            raise HTTPException(404, "There is no such item.")
        payload = (
            json.dumps(_plain(item.found.payload), indent=2, ensure_ascii=False)
            if self._settings.show_payloads
            else None
        )
        return self.show(
            "item.html.j2", item=item, timeline=timeline_of(item), payload=payload, now=item.now
        )

    def show(self, template: str, status: int = 200, **values: object) -> Response:
        """A template as an answer."""
        page = self._templates.get_template(template)
        return HTMLResponse(page.render({"refresh": 0, "search": "", **values}), status)


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _plain(value: object) -> object:
    """A document with its decimals as text, since JSON's own numbers would round them."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
