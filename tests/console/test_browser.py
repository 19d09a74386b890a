"""The console as a person meets it: in a browser, wide and narrow, light and dark."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from ledgerdb.console import ConsoleSettings
from ledgerdb.rows import ControlScope
from ledgerdb.sync import Ledger
from tests.console.scene import HOSTILE, WHO, Scene
from tests.console.served import served
from tests.programs import found

WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
NARROW: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
PAGES = ("/", "/queue", "/doubts", "/dead-letters", "/controls", "/search?q=dispatched-1")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = found("chromium", "chromium")
    # as root there is no sandbox to be had
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield browser
        browser.close()


class Watched:
    """A page, and everything that went wrong on it."""

    def __init__(self, context: BrowserContext, console: str) -> None:
        self.page = context.new_page()
        self.console = console
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on(
            "console",
            lambda said: (
                self.wrong.append(said.text) if said.type in {"error", "warning"} else None
            ),
        )
        self.page.on("dialog", lambda dialog: self.wrong.append(f"dialog: {dialog.message}"))
        self.page.on("request", self._is_ours)

    def _failed(self, request: Any) -> None:  # noqa: ANN401 - playwright's
        if request.failure != "net::ERR_ABORTED":  # by the next page, while this one still loads
            self.wrong.append(f"failed: {request.url}: {request.failure}")

    def _is_ours(self, request: Any) -> None:  # noqa: ANN401 - playwright's
        if not request.url.startswith(self.console):
            self.wrong.append(f"elsewhere: {request.url}")

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.console}{path}", wait_until="load")
        return self.page


@pytest.fixture
def watched(browser: Browser, console: str) -> Iterator[Watched]:
    context = browser.new_context(**WIDE)
    opened = Watched(context, console)
    yield opened
    context.close()
    assert opened.wrong == []


@pytest.mark.parametrize(
    "opened",
    [
        WIDE,
        WIDE | {"color_scheme": "dark"},
        NARROW,
        WIDE | {"java_script_enabled": False},
    ],
    ids=["wide", "wide-dark", "narrow", "no-script"],
)
def test_every_page_fits_and_nothing_fails(
    browser: Browser, console: str, scene: Scene, opened: dict[str, Any]
) -> None:
    context = browser.new_context(**opened)
    watched = Watched(context, console)
    for path in (*PAGES, f"/items/{scene.dispatched}", f"/items/{scene.hostile[4]}"):
        page = watched.open(path)
        assert page.locator("h1").count() == 1, path
        if opened.get("java_script_enabled", True):
            assert page.evaluate(OVERFLOW) == 0, path
            assert page.evaluate(FAINT) == [], path
    context.close()
    assert watched.wrong == []


OVERFLOW = "() => Math.max(0, document.documentElement.scrollWidth - window.innerWidth)"
# Text of a contrast below 4.5 to 1, as WCAG AA asks for it; text behind something is not looked at.
FAINT = """() => {
  const numbers = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255)
      .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      const parts = numbers(colour);
      if (colour.startsWith("rgb") && (parts.length < 4 || parts[3] === 1)) return parts;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = new Set();
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || node.closest("svg, script, .skip")) continue;
    const [a, b] = [numbers(getComputedStyle(node).color), behind(node)].map(light);
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.add(`${node.className || node.tagName}: ${contrast.toFixed(2)}`);
  }
  return [...faint];
}"""


def test_the_checks_see_what_they_look_for(browser: Browser, console: str) -> None:
    context = browser.new_context(**WIDE)
    watched = Watched(context, console)
    page = watched.open("/controls")
    assert (page.evaluate(FAINT), page.evaluate(NAMELESS), page.evaluate(OVERFLOW)) == ([], [], 0)
    page.evaluate("document.querySelector('h1').style.color = '#999'")
    assert page.evaluate(FAINT) == ["H1: 2.73"]
    page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    assert page.evaluate(NAMELESS) == ["<input>"]
    page.evaluate("document.querySelector('main input').style.width = '3000px'")
    assert page.evaluate(OVERFLOW) > 1_000
    assert watched.wrong == []
    with page.expect_event("pageerror"):
        page.evaluate("void setTimeout(() => { throw new Error('a mistake') })")
    assert watched.wrong == ["script: a mistake"]
    context.close()


def test_an_escape_that_was_forgotten_would_still_not_run(browser: Browser, console: str) -> None:
    context = browser.new_context(**WIDE)
    watched = Watched(context, console)
    page = watched.open("/controls")
    with page.expect_console_message(lambda said: "Content Security Policy" in said.text):
        page.evaluate(
            """document.querySelector("main").insertAdjacentHTML("beforeend",
            `<img src="/static/none.png" onerror="document.title = 'owned'">`)"""
        )
    with page.expect_console_message(lambda said: "elsewhere.example" in said.text):
        page.evaluate("void fetch('https://elsewhere.example/').catch(() => 0)")
    assert page.title() == "Controls · ledgerdb"
    context.close()


def test_every_control_has_a_name_and_every_table_heads(watched: Watched, scene: Scene) -> None:
    for path in (*PAGES, f"/items/{scene.dispatched}"):
        page = watched.open(path)
        assert page.evaluate(NAMELESS) == [], path
        levels = page.evaluate(
            "[...document.querySelectorAll('h1, h2, h3')].map((h) => Number(h.tagName[1]))"
        )
        assert levels[0] == 1, path
        assert all(b - a <= 1 for a, b in itertools.pairwise(levels)), path


NAMELESS = """() => [
  ...[...document.querySelectorAll("input, select")].filter((e) => !e.labels.length),
  ...[...document.querySelectorAll("a, button")].filter((e) => !e.textContent.trim()),
  ...[...document.querySelectorAll("svg")].filter((e) => !e.getAttribute("aria-label")),
  ...[...document.querySelectorAll("table")].filter((e) => !e.querySelector("thead th[scope=col]")),
  ...[...document.querySelectorAll("[role=region], nav")].filter((e) => !e.ariaLabel),
].map((e) => e.outerHTML.slice(0, 80))"""


def test_every_link_leads_somewhere(watched: Watched) -> None:
    """Walks the console from its first page, two clicks deep; each kind of page a few times."""
    to_see, seen, kinds = ["/"], set[str](), dict[str, int]()
    while to_see:
        path = to_see.pop()
        kind = path.partition("?")[0]
        kind = "/items" if kind.startswith("/items/") else kind
        kinds[kind] = kinds.get(kind, 0) + 1
        if path in seen or kinds[kind] > 2:
            continue
        seen.add(path)
        page = watched.open(path)
        assert page.title().endswith("· ledgerdb"), path
        assert "Not found" not in page.title(), path
        to_see += page.evaluate(
            "[...document.querySelectorAll('main a, nav a')].map((a) => a.getAttribute('href'))"
            ".filter((href) => href.startsWith('/'))"
        )
    assert {"/", "/queue", "/doubts", "/dead-letters", "/controls", "/items"} == set(kinds)


def test_a_filter_and_the_next_page(watched: Watched) -> None:
    page = watched.open("/queue")
    page.get_by_label("Status").select_option("READY")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**/queue?status=READY*")
    assert page.locator("tbody tr").count() == 50
    page.get_by_role("link", name="Next page").click()
    page.wait_for_url("**after=*")
    assert page.locator("tbody tr").count() == 11
    assert page.get_by_label("Status").input_value() == "READY"
    page.get_by_label("Participant").fill("BANK-3")
    page.get_by_label("Participant").press("Enter")
    page.wait_for_url("**participant=BANK-3*")
    assert page.locator("tbody tr").count() == 10


def test_search_from_any_page_by_keyboard(watched: Watched, scene: Scene) -> None:
    page = watched.open("/controls")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.get_by_label("Instruction id or outbox id").fill("dead-2")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=dead-2")
    page.locator("tbody a").first.click()
    page.wait_for_url(f"**/items/{scene.dead}")
    assert "dead-2" in page.title()


def test_what_callers_chose_is_text(watched: Watched, scene: Scene) -> None:
    """It is on the page as it is, letter by letter, and it does nothing."""
    for text, item in zip(HOSTILE, scene.hostile, strict=True):
        page = watched.open(f"/items/{item}")
        shown = page.locator("h1 bdi").text_content()
        assert shown == text.replace("\N{RIGHT-TO-LEFT OVERRIDE}", "\\u202e")
        page.locator("h1 bdi").hover()
        assert page.title().endswith("· ledgerdb")
    for path in ("/", "/queue"):
        page = watched.open(path)
        assert page.locator("img, main script, [onmouseover], [onerror]").count() == 0
        assert page.title().endswith("· ledgerdb")


def test_a_page_looks_again_by_itself(watched: Watched, scene: Scene) -> None:
    page = watched.open("/")
    before = page.locator(".facts time").last.text_content()
    page.wait_for_function(
        "(before) => [...document.querySelectorAll('.facts time')].at(-1).textContent !== before",
        arg=before,
    )
    assert "CARD" in page.content()
    with Ledger.connect(scene.url) as ledger:
        ledger.pause(ControlScope.RAIL, "RTGS", **WHO)
        try:
            page.get_by_text("2 scopes paused").wait_for()
        finally:
            ledger.resume(ControlScope.RAIL, "RTGS", actor="ann@ops", reason="test")


def test_refreshing_can_be_paused(watched: Watched) -> None:
    page = watched.open("/doubts")
    page.get_by_role("button", name="Pause refreshing").click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="Resume refreshing").wait_for()
    page.wait_for_timeout(1_500)  # longer than the interval: what must not happen, had its time
    assert asked == []
    page.get_by_role("button", name="Resume refreshing").click()
    with page.expect_request(f"{watched.console}/doubts"):
        page.locator("body").press("Escape")


def test_it_says_so_where_the_figures_are_old(browser: Browser, scene: Scene) -> None:
    context = browser.new_context(**WIDE)
    page = context.new_page()
    with served(scene.url, ConsoleSettings(refresh_seconds=1)) as address:
        page.goto(address)
        assert page.get_by_role("status").text_content() == ""
    page.get_by_text("these figures are old").wait_for()
    context.close()


def test_a_database_that_is_away(browser: Browser, tmp_path: Any) -> None:  # noqa: ANN401
    context = browser.new_context(**NARROW)
    page = context.new_page()
    with served(f"postgresql://nobody@/gone?host={tmp_path}") as address:
        page.goto(address)
        assert page.locator("h1").text_content() == "No answer from the ledger"
        assert page.evaluate(OVERFLOW) == 0
    context.close()


def test_the_scene_is_untouched(scene: Scene) -> None:
    """What the console did to the database: nothing."""
    with psycopg.connect(scene.url) as superuser:
        changed = superuser.execute(
            "select count(*) from payment_outbox_operator_actions where actor <> 'ann@ops'"
        ).fetchone()
    assert changed == (0,)
