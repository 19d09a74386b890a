"""What readers see: every command that only reads, with the rights of symphony_readonly."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import psycopg
import pytest

from ledgerdb.embedded import EmbeddedServer
from ledgerdb.errors import ConfigurationError, UnknownItem
from tests.factories import OTHER_TENANT, TENANT
from tests.operations.conftest import invoke, valid
from tests.operations.scene import HOSTILE, SECRET, Scene, keys_of
from tests.retention.history import History
from tests.sql.operations import Operator, dead_letter
from tests.sql.queue import Queue

READING = ("status", "top", "items", "doubts", "dead-letters", "inspect", "trace")


def _arguments(command: str, scene: Scene) -> list[object]:
    more: dict[str, list[object]] = {"inspect": [scene.sent], "trace": ["instruction-1"]}
    return [command, *more.get(command, [])]


@pytest.mark.parametrize("command", READING)
def test_a_reader_gets_a_document_as_published(command: str, scene: Scene, reader: str) -> None:
    text = invoke(reader, *_arguments(command, scene), "--json").stdout
    document = valid(command, text)
    assert "lease_token" not in set(keys_of(document))
    assert "payload" not in set(keys_of(document))
    assert SECRET not in text


@pytest.mark.parametrize("command", READING)
def test_text_is_free_of_escapes_payloads_and_blanks_at_the_end(
    command: str, scene: Scene, reader: str
) -> None:
    text = invoke(reader, *_arguments(command, scene)).stdout
    assert text
    assert not set(text) & {"\x1b", "\x9b", "\u202e", "\r"}
    assert SECRET not in text
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


def test_status_counts_what_there_is(reader: str) -> None:
    found = valid("status", invoke(reader, "status", "--by", "tenant", "--json").stdout)
    queue = found["queue"]
    assert {name: queue[name] for name in ("due", "leased", "in_doubt", "held", "expired")} == {
        "due": 1,
        "leased": 1,
        "in_doubt": 1,
        "held": 1,
        "expired": 0,
    }
    assert (found["dead_letters"], found["disputed"], found["counter_drift"]) == (3, 1, 0)
    assert found["lag_seconds"] > 0
    assert [(control["scope"], control["scope_key"]) for control in found["paused"]] == [
        ("RAIL", "CARD")
    ]
    assert {part["label"]: part["dead_letters"] for part in found["parts"]} == {
        "acme": 1,
        "beta": 1,
        None: 1,
    }
    assert [finding["code"] for finding in found["findings"]] == [
        "DISPUTED",
        "IN_DOUBT",
        "DEAD_LETTERS",
    ]
    text = invoke(reader, "status", "--by", "rail").stdout
    for line in ("due                    1   oldest for", "paused RAIL CARD for", "needs a person"):
        assert line in text


@pytest.mark.parametrize(
    ("bounds", "code", "findings"),
    [
        ((), 1, {"DISPUTED", "IN_DOUBT", "DEAD_LETTERS"}),
        (("--max-dead-letters", 3, "--max-in-doubt", 1), 1, {"DISPUTED"}),
        (("--max-lag", "0s"), 1, {"DISPUTED", "IN_DOUBT", "DEAD_LETTERS", "LAG"}),
        (("--max-unsealed", "0s"), 1, {"DISPUTED", "IN_DOUBT", "DEAD_LETTERS", "UNSEALED"}),
    ],
)
def test_a_check_has_bounds(
    reader: str, bounds: tuple[object, ...], code: int, findings: set[str]
) -> None:
    done = invoke(reader, "status", "--check", "--json", *bounds, code=code)
    found = valid("status", done.stdout)
    assert {finding["code"] for finding in found["findings"]} == findings
    assert found["needs_a_person"] is bool(findings)


@pytest.mark.parametrize("age", ["5", "5x", "m", "", "-1m", "1.5h", "9999999999d", "٣m"])
def test_an_age_that_is_none(reader: str, age: str) -> None:
    assert "write it as 90s, 15m, 2h or 7d" in invoke(
        reader, "status", "--max-lag", age, code=2
    ).output.replace("\n", " ").replace("│ ", "")


def test_pages_of_the_queue_meet(reader: str, scene: Scene) -> None:
    ids: list[str] = []
    after: list[object] = []
    while True:
        page = valid("items", invoke(reader, "items", "--limit", 3, *after, "--json").stdout)
        ids += [item["outbox_id"] for item in page["items"]]
        if page["next"] is None:
            break
        assert page["next"] == ids[-1]
        after = ["--after", page["next"]]
    assert ids == sorted(ids)
    assert set(ids) == {str(i) for i in (scene.paused, scene.doubtful, scene.leased, scene.due)}


@pytest.mark.parametrize(
    ("filters", "name"),
    [
        (("--status", "leased"), "leased"),
        (("--status", "PAUSED"), "paused"),
        (("--rail", "CARD"), "paused"),
        (("--participant", "participant-2"), "due"),
        (("--tenant", TENANT, "--status", "READY"), "due"),
    ],
)
def test_the_queue_is_filtered(
    reader: str, scene: Scene, filters: tuple[object, ...], name: str
) -> None:
    (item,) = valid("items", invoke(reader, "items", *filters, "--json").stdout)["items"]
    assert item["outbox_id"] == str(getattr(scene, name))
    lines = invoke(reader, "items", *filters).stdout.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(str(getattr(scene, name)))


def test_a_status_that_is_none(reader: str) -> None:
    assert "none of READY" in invoke(reader, "items", "--status", "GONE", code=2).output


def test_doubts_have_what_is_needed_to_resolve_them(reader: str, scene: Scene) -> None:
    (doubt,) = valid("doubts", invoke(reader, "doubts", "--json").stdout)["doubts"]
    identity = valid("inspect", invoke(reader, "inspect", scene.doubtful, "--json").stdout)[
        "identity"
    ]
    assert doubt["outbox_id"] == str(scene.doubtful)
    assert doubt["rail_key"] == identity["rail_key"]
    assert (doubt["attempt_no"], doubt["late_results"]) == (1, 1)
    assert doubt["rail_reference"] == "SEPA-late-1"
    assert "nothing is in doubt" in invoke(reader, "doubts", "--rail", "SEPA").stderr
    assert valid("doubts", invoke(reader, "doubts", "--tenant", TENANT, "--json").stdout) == {
        "doubts": [],
        "more": False,
    }


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ((), ("disputed", "dead", "hostile")),
        (("--disputed",), ("disputed",)),
        (("--undisputed",), ("dead", "hostile")),
        (("--error-code", "TIMEOUT"), ("disputed", "hostile")),
        (("--tenant", OTHER_TENANT), ("hostile",)),
        (("--rail", "SEPA", "--participant", "participant-1"), ("dead", "hostile")),
        (("--rail", "none"), ()),
    ],
)
def test_dead_letters_are_filtered(
    reader: str, scene: Scene, filters: tuple[object, ...], names: tuple[str, ...]
) -> None:
    found = valid("dead-letters", invoke(reader, "dead-letters", *filters, "--json").stdout)
    assert [letter["outbox_id"] for letter in found["dead_letters"]] == [
        str(getattr(scene, name)) for name in names
    ]


def test_pages_of_dead_letters_meet(reader: str, scene: Scene) -> None:
    first = valid("dead-letters", invoke(reader, "dead-letters", "--limit", 2, "--json").stdout)
    rest = invoke(reader, "dead-letters", "--after", first["next"], "--json").stdout
    assert [letter["outbox_id"] for letter in valid("dead-letters", rest)["dead_letters"]] == [
        str(scene.hostile)
    ]
    with pytest.raises(ConfigurationError, match="is no dead letter any more"):
        invoke(reader, "dead-letters", "--after", scene.sent)


@pytest.mark.parametrize(
    ("by", "counts"),
    [
        ("error", {"TIMEOUT": 2, "ACCOUNT_CLOSED": 1}),
        ("rail", {"SEPA": 3}),
        ("tenant", {str(TENANT): 1, str(OTHER_TENANT): 1, None: 1}),
        ("participant", {"participant-1": 2, "p": 1}),
    ],
)
def test_dead_letters_are_counted(reader: str, by: str, counts: dict[str | None, int]) -> None:
    found = valid("dead-letters", invoke(reader, "dead-letters", "--by", by, "--json").stdout)
    assert {group["key"]: group["dead_letters"] for group in found["groups"]} == counts
    assert sum(group["disputed"] for group in found["groups"]) == 1
    lines = invoke(reader, "dead-letters", "--by", by).stdout.splitlines()
    assert len(lines) == 1 + len(counts)


def test_a_payload_is_shown_when_asked_for(reader: str, scene: Scene) -> None:
    assert SECRET in invoke(reader, "inspect", scene.sent, "--payload").stdout
    document = valid("inspect", invoke(reader, "inspect", scene.sent, "--payload", "--json").stdout)
    assert document["payload"] == {"amount": SECRET, "exact": "10.10"}


def test_what_a_worker_said_cannot_drive_the_terminal(reader: str, scene: Scene) -> None:
    spelled = HOSTILE.encode("unicode_escape").decode()
    for arguments in (["dead-letters"], ["inspect", scene.hostile], ["trace", "instruction-3"]):
        assert spelled in invoke(reader, *arguments).stdout


def test_an_item_that_is_none(reader: str) -> None:
    with pytest.raises(UnknownItem, match="there is no item"):
        invoke(reader, "inspect", uuid4())
    assert "OUTBOX_ID" in invoke(reader, "inspect", "x", code=2).stderr


def test_a_life_is_told_in_order(reader: str) -> None:
    found = valid("trace", invoke(reader, "trace", "instruction-1", "--json").stdout)
    (life,) = found["items"]
    assert (life["state"], life["attempts"]) == ("DISPATCHED", 2)
    told = [(event["kind"], event["attempt_no"], event["state"]) for event in life["timeline"]]
    assert told == [
        ("ACCEPTED", None, None),
        ("QUEUED", None, None),
        ("CLAIMED", 1, None),
        ("ENDED", 1, "RETRYABLE"),
        ("CLAIMED", 2, None),
        ("SENDING", 2, None),
        ("ENDED", 2, "DISPATCHED"),
        ("SEALED", None, None),
        ("SEALED", None, None),
    ]
    times = [event["at"] for event in life["timeline"]]
    assert times == sorted(times)
    ended = [event for event in life["timeline"] if event["kind"] == "ENDED"]
    assert all(event["seconds"] > 0 for event in ended)
    assert "reference RTGS-1" in ended[1]["text"]
    text = invoke(reader, "trace", "instruction-1").stdout
    assert text.startswith("instruction instruction-1 DISPATCHED\n")
    assert "sends to the rail" in text
    assert "payload sha256 " in text


def test_a_life_in_doubt_and_one_on_hold(reader: str) -> None:
    doubt = valid("trace", invoke(reader, "trace", "doubtful", "--json").stdout)["items"][0]
    assert [(event["kind"], event["state"]) for event in doubt["timeline"]] == [
        ("QUEUED", None),
        ("CLAIMED", None),
        ("SENDING", None),
        ("HELD", "IN_DOUBT"),
        ("LATE_RESULT", "DISPATCHED"),
    ]
    held = invoke(reader, "trace", "instruction-6").stdout
    assert "on hold PAUSED" in held


def test_an_instruction_of_several_items(scene: Scene, reader: str) -> None:
    with scene.connect() as connection:
        for participant in ("a", "b"):
            connection.execute(
                "select public.enqueue_payment_outbox('shared', %s, %s, 'RTGS', '{}')",
                [participant, participant],
            )
        connection.execute(
            "select public.cancel_outbox_item(outbox_id, 'ann', 'a test') "
            "from public.payment_outbox_pending where instruction_id = 'shared'"
        )
    found = valid("trace", invoke(reader, "trace", "shared", "--json").stdout)
    assert [life["idempotency_key"] for life in found["items"]] == ["a", "b"]
    for life in found["items"]:
        assert [event["kind"] for event in life["timeline"]] == ["QUEUED", "ENDED", "OPERATOR"]
        assert life["timeline"][2]["who"] == "ann"
    assert invoke(reader, "trace", "shared").stdout.count("instruction shared FAILED") == 2


def test_a_life_that_an_operator_sent_on(
    server_18: EmbeddedServer, client_head_18: psycopg.Connection[Any]
) -> None:
    """What operators did stands between the attempts, at its time."""
    url = server_18.url(client_head_18.info.dbname)
    with psycopg.connect(url, autocommit=True) as connection:
        queue = Queue(connection)
        Operator(queue).redrive(dead_letter(queue, "again"))
        queue.complete(queue.claim(), "DISPATCHED")
    life = valid("trace", invoke(url, "trace", "again", "--json").stdout)["items"][0]
    assert [(event["kind"], event["attempt_no"]) for event in life["timeline"]] == [
        ("QUEUED", None),
        ("CLAIMED", 1),
        ("ENDED", 1),
        ("OPERATOR", None),
        ("CLAIMED", 2),
        ("ENDED", 2),
    ]


def test_a_life_whose_attempts_were_retired(
    server_18: EmbeddedServer, client_head_18: psycopg.Connection[Any]
) -> None:
    url = server_18.url(client_head_18.info.dbname)
    with psycopg.connect(url, autocommit=True) as connection:
        history = History(connection)
        outbox_id = history.end("old")
        history.make_old()
        assert history.retire().attempts == 1
    life = valid("trace", invoke(url, "trace", "old", "--json").stdout)["items"][0]
    told = {event["kind"]: event for event in life["timeline"]}
    assert set(told) == {"QUEUED", "ENDED", "RETIRED"}
    assert (told["ENDED"]["attempt_no"], told["ENDED"]["state"]) == (1, "DISPATCHED")
    assert told["ENDED"]["text"] == "reference R-old"
    document = valid("inspect", invoke(url, "inspect", outbox_id, "--json").stdout)
    assert (document["attempts"], document["retired"]["attempts"]) == ([], 1)
    assert document["retired"]["digest"] in told["RETIRED"]["text"]
    text = invoke(url, "inspect", outbox_id).stdout
    assert "attempts were retired" in text
    assert "history retired" in invoke(url, "trace", "old").stdout


def test_an_instruction_that_is_none_or_anothers(reader: str) -> None:
    with pytest.raises(ConfigurationError, match="there is no instruction 'nothing'"):
        invoke(reader, "trace", "nothing")
    with pytest.raises(ConfigurationError, match=f"of tenant {OTHER_TENANT}"):
        invoke(reader, "trace", "instruction-1", "--tenant", OTHER_TENANT)
    assert invoke(reader, "trace", "instruction-1", "--tenant", TENANT).stdout


def test_a_frame_of_top(reader: str) -> None:
    frame = valid("top", invoke(reader, "top", "--json", "--minutes", 5).stdout)
    assert (frame["minutes"], frame["bucket_seconds"]) == (5, 5)
    counted = [
        sum(bucket[name] for bucket in frame["activity"])
        for name in ("accepted", "dispatched", "retried", "failed", "crashed")
    ]
    assert counted[0] >= 8
    assert counted[1:3] == [1, 1]
    assert counted[3] >= 3
    text = invoke(reader, "top", "--frames", 2, "--every", 0.1, "--by", "rail").stdout
    assert text.count("ledgerdb top  revision") == 2
    assert "last 30 min" in text
    assert text.count("paused RAIL CARD") == 2
    assert invoke(reader, "top", "--once", "--frames", 5).stdout.count("ledgerdb top") == 1


def test_output_of_a_list_is_one_line_a_row(reader: str, scene: Scene) -> None:
    with scene.connect() as connection:
        long = "x" * 190
        connection.execute(
            "select public.enqueue_payment_outbox(%s, %s, %s, 'LONG', '{}')", [long, long, long]
        )
    header, row = invoke(reader, "items", "--rail", "LONG").stdout.splitlines()
    assert header.startswith("outbox id ")
    assert row.count(long) == 2
