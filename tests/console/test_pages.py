"""What the pages show, what they hide, and how they refuse."""

from __future__ import annotations

import re
from uuid import UUID

import httpx
import psycopg
import pytest

from tests.console.scene import HOSTILE, IBAN, Scene
from tests.factories import OTHER_TENANT, TENANT

NOBODY = UUID("01a00000-0000-7000-8000-000000000000")
PAGES = ("/", "/queue", "/doubts", "/dead-letters", "/controls", "/search")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_one_document(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.count("<h1") == answer.text.count("<main") == 1
    assert re.search(r"<title>[^<]+ · ledgerdb</title>", answer.text)
    head = client.head(path)
    assert (head.status_code, head.text) == (200, "")
    assert head.headers["content-type"] == answer.headers["content-type"]


def test_the_overview_counts_what_is_there(client: httpx.Client) -> None:
    text = client.get("/").text
    assert "1 dead letter of which a late result says: sent" in text
    assert "1 item in doubt" in text
    assert "1 scope paused" in text
    assert re.search(r"due</dt><dd><a [^>]*>61</a>", text)
    assert re.search(r"leased</dt><dd><a [^>]*>5</a>", text)
    assert text.count('<rect class="dispatched"') > 40


def test_every_bucket_of_the_hour_is_drawn(client: httpx.Client) -> None:
    text = client.get("/").text
    assert len(re.findall(r'<rect class="hit"[^>]*><title>\d\d:\d\d: ', text)) in {122, 124}


def rows(text: str) -> list[str]:
    return re.findall(r'href="/items/([0-9a-f-]{36})"', text)


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ({"status": "LEASED"}, 5),
        ({"status": "IN_DOUBT"}, 1),
        ({"status": "EXPIRED"}, 0),
        ({"participant": "BANK-3"}, 10),
        ({"rail": "SEPA", "tenant": str(TENANT)}, 10),
        ({"rail": "SEPA", "tenant": str(OTHER_TENANT), "participant": "BANK-3"}, 10),
        ({"participant": HOSTILE[1]}, 1),
        ({"tenant": str(NOBODY)}, 0),
        ({"status": "", "tenant": " "}, 50),
    ],
)
def test_the_queue_is_filtered(client: httpx.Client, question: dict[str, str], count: int) -> None:
    answer = client.get("/queue", params=question)
    assert answer.status_code == 200
    assert len(rows(answer.text)) == count


def test_pages_of_the_queue_have_every_item_once(client: httpx.Client, scene: Scene) -> None:
    seen: list[str] = []
    path: str | None = "/queue?status=READY"
    while path is not None:
        text = client.get(path).text
        seen += rows(text)
        following = re.search(r'href="([^"]*)" rel="next"', text)
        path = following[1].replace("&amp;", "&") if following else None
    with psycopg.connect(scene.url) as superuser:
        expected = superuser.execute(
            "select outbox_id::text from payment_outbox_queue where status = 'READY' order by 1"
        ).fetchall()
    assert seen == [outbox_id for (outbox_id,) in expected]
    assert len(seen) == 61


def test_dead_letters_are_filtered(client: httpx.Client, scene: Scene) -> None:
    assert rows(client.get("/dead-letters?error=ACCOUNT_CLOSED").text) == [str(scene.dead)]
    assert rows(client.get("/dead-letters?disputed=no").text) == [str(scene.dead)]
    disputed = client.get("/dead-letters?disputed=yes").text
    assert len(rows(disputed)) == 1
    assert "DISPUTED" in disputed
    assert rows(client.get("/dead-letters?rail=NONE").text) == []


def test_a_doubt_shows_what_the_rail_said_too_late(client: httpx.Client, scene: Scene) -> None:
    text = client.get("/doubts").text
    assert rows(text) == [str(scene.doubted)]
    assert "SEPA-3" in text


def test_an_item_shows_its_whole_life(client: httpx.Client, scene: Scene) -> None:
    text = re.sub(r"<[^>]*>", " ", client.get(f"/items/{scene.dispatched}").text)
    story = (
        "Attested",
        "Accepted, durably on the queue",
        "Attempt 1 leased",
        "Attempt 1: RETRYABLE",
        "RAIL_BUSY",
        "Attempt 2 leased",
        "Attempt 2: dispatch declared",
        "Attempt 2: DISPATCHED",
        "SEPA-1",
        "Sealed: attempts in seal",
        "In the chain of hashes",
    )
    places = [text.index(words) for words in story]
    assert places == sorted(places)


def test_operators_and_late_results_are_on_the_timeline(client: httpx.Client) -> None:
    (disputed,) = rows(client.get("/dead-letters?disputed=yes").text)
    text = client.get(f"/items/{disputed}").text
    for words in ("Late result: DISPATCHED", "Operator: CANCEL", "ann@ops", "ticket 4711"):
        assert words in text


def test_no_page_shows_a_payload_or_a_lease_token(client: httpx.Client, scene: Scene) -> None:
    with psycopg.connect(scene.url) as superuser:
        tokens = superuser.execute(
            """select lease_token::text from payment_outbox_pending where lease_token is not null
            union select lease_token::text from payment_outbox_attempts
            where lease_token is not null"""
        ).fetchall()
    assert len(tokens) > 5
    items = (scene.dispatched, scene.dead, scene.doubted, scene.retried, *scene.hostile)
    for path in (*PAGES, *(f"/items/{item}" for item in items), "/metrics"):
        text = client.get(path).text
        assert IBAN not in text, path
        assert [token for (token,) in tokens if token in text] == [], path


@pytest.mark.parametrize("text", HOSTILE)
def test_search_finds_what_callers_chose(client: httpx.Client, scene: Scene, text: str) -> None:
    answer = client.get("/search", params={"q": text})
    assert answer.status_code == 200
    assert rows(answer.text) == [str(scene.hostile[HOSTILE.index(text)])]
    for raw in ("<script>document", "<img src=x", "' onmouseover='"):
        assert raw not in answer.text


def test_search_by_outbox_id_leads_to_the_item(client: httpx.Client, scene: Scene) -> None:
    answer = client.get("/search", params={"q": f" {scene.dead} "})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/items/{scene.dead}")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/items/nonsense", 404, "There is no such item"),
        (f"/items/{NOBODY}", 404, "There is no such item"),
        ("/items/%00", 404, "There is no such item"),
        ("/nowhere", 404, "Not found"),
        ("/static/../app.py", 404, "Not found"),
        ("/static/%2e%2e/app.py", 404, "Not found"),
        ("/search?q=nothing", 404, "Nothing has the instruction id"),
        ("/search?q=a%00b", 400, "q: has no control characters"),
        (f"/search?q={'x' * 201}", 400, "q: has at most 200 characters"),
        ("/queue?status=SOLD", 400, "status: is one of READY"),
        ("/queue?tenant=acme", 400, "tenant: is not a UUID"),
        ("/queue?after=1", 400, "after: is not a UUID"),
        ("/queue?participant=a%0Ab", 400, "participant: has no control characters"),
        ("/dead-letters?after=yesterday~1", 400, "after: is not from a link of this page"),
        (f"/dead-letters?after=2026-01-01~{NOBODY}", 400, "after: is not from a link"),
        ("/dead-letters?disputed=perhaps", 400, "disputed: is yes or no"),
    ],
)
def test_nonsense_is_refused_with_a_page(
    client: httpx.Client, path: str, status: int, words: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert words in answer.text
    assert "Traceback" not in answer.text
    assert answer.text.count("<main") == 1


def test_dead_letters_without_a_time_are_paged_too(client: httpx.Client, scene: Scene) -> None:
    answer = client.get("/dead-letters", params={"after": f"untimed~{NOBODY}"})
    assert len(rows(answer.text)) == 2
