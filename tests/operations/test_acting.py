"""What operators do, with the rights of symphony_control, and what is refused to readers."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from ledgerdb import Ledger
from ledgerdb.errors import (
    ConfigurationError,
    Contention,
    InvalidArgument,
    InvalidTransition,
    PermissionDenied,
    UnknownItem,
)
from ledgerdb.rows import ResumedScope
from tests.factories import TENANT
from tests.operations.conftest import invoke, valid
from tests.operations.scene import Scene, login
from tests.sql.operations import dead_letter, in_doubt
from tests.sql.queue import Queue

WHY = ("--reason", "ticket 4711", "--actor", "ann")


@pytest.fixture
def queue(scene: Scene) -> Iterator[Queue]:
    with scene.connect() as connection:
        yield Queue(connection)


def _last_action(queue: Queue) -> Any:  # noqa: ANN401 - a row
    return queue.rows(
        "select * from public.payment_outbox_operator_actions order by created_at desc, action_id"
    )[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ("pause", "rail", "SEPA"),
        ("resume", "rail", "SEPA"),
        ("cancel", "{due}"),
        ("record-attempt", "{due}", "failed"),
        ("resolve", "{doubtful}", "requeue", "--attempt-no", 1),
        ("redrive", "{dead}", "--yes"),
        ("redrive", "{dead}"),
    ],
)
def test_readers_do_not_act(scene: Scene, reader: str, arguments: tuple[object, ...]) -> None:
    given = [
        str(a).format(due=scene.due, doubtful=scene.doubtful, dead=scene.dead) for a in arguments
    ]
    with pytest.raises(PermissionDenied, match=r"this needs symphony_control \(grant it"):
        invoke(reader, *given, *WHY)


def test_workers_do_not_read_what_operators_read(scene: Scene) -> None:
    worker = login(scene, "ops_worker", "symphony_executor")
    with pytest.raises(PermissionDenied, match="needs symphony_readonly, symphony_auditor or"):
        invoke(worker, "top", "--once")


def test_a_role_is_taken_on(scene: Scene, operator: str) -> None:
    """The operator's login acts as what it is told to, and no more."""
    assert invoke(operator, "pause", "rail", "X", *WHY, "--role", "symphony_control").stdout
    with scene.connect() as connection:
        connection.execute("grant symphony_readonly to ops_operator with inherit true, set true")
    with pytest.raises(PermissionDenied):
        invoke(operator, "pause", "rail", "X", *WHY, "--role", "symphony_readonly")


def test_a_rail_is_paused_and_resumed(operator: str, queue: Queue) -> None:
    first = queue.enqueue("held 1", rail="HELD")
    assert invoke(operator, "pause", "rail", "HELD", *WHY).stdout == "RAIL HELD is paused\n"
    action = _last_action(queue)
    assert (action.action, action.actor, action.reason) == ("PAUSE", "ann", "ticket 4711")
    queue.claim(worker="none")
    assert queue.pending(first).hold == "PAUSED"
    control = valid("pause", invoke(operator, "pause", "RAIL", "HELD", *WHY, "--json").stdout)
    assert control["paused"] is True
    done = valid("resume", invoke(operator, "resume", "rail", "HELD", *WHY, "--json").stdout)
    assert done == {
        "scope": "RAIL",
        "scope_key": "HELD",
        "was_paused": True,
        "released": 1,
        "remaining": 0,
        "interrupted": False,
    }
    assert queue.pending(first).hold is None
    assert "(it was not paused): 0 held" in invoke(operator, "resume", "rail", "HELD", *WHY).stdout


def test_a_resume_goes_on_until_nothing_is_held(
    operator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [ResumedScope(2, 3), ResumedScope(2, 1), ResumedScope(1, 0)]
    rounds: list[object] = []

    def resume(_: Ledger, *scope: object, **__: object) -> ResumedScope:
        rounds.append(scope)
        return left[len(rounds) - 1]

    monkeypatch.setattr(Ledger, "resume", resume)
    done = valid("resume", invoke(operator, "resume", "rail", "SEPA", *WHY, "--json").stdout)
    assert (done["released"], done["remaining"], len(rounds)) == (5, 0, 3)


def test_a_resume_does_not_wait_for_ever(operator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Items in the hands of another session are left to the workers."""
    monkeypatch.setattr(Ledger, "resume", lambda *_, **__: ResumedScope(0, 7))
    monkeypatch.setattr("ledgerdb.cli.operations.pausing._IDLE_SECONDS", 0)
    done = invoke(operator, "resume", "rail", "SEPA", *WHY)
    assert "7 are left to the workers' repair" in done.stderr


def test_an_interrupted_resume_says_how_far_it_came(
    operator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = iter([ResumedScope(2, 3)])

    def resume(*_: object, **__: object) -> ResumedScope:
        for step in steps:
            return step
        raise KeyboardInterrupt

    monkeypatch.setattr(Ledger, "resume", resume)
    done = invoke(operator, "resume", "rail", "SEPA", *WHY, "--json", code=130)
    found = valid("resume", done.stdout)
    assert (found["released"], found["remaining"], found["interrupted"]) == (2, 3, True)


def test_a_change_under_way_is_waited_for(operator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    paused, tries = Ledger.pause, []

    def pause(*given: Any, **more: Any) -> object:  # noqa: ANN401 - handed on
        tries.append(given)
        if len(tries) < 3:
            raise Contention("another change", sqlstate="55P03")
        return paused(*given, **more)

    monkeypatch.setattr(Ledger, "pause", pause)
    assert invoke(operator, "pause", "queue", *WHY).stdout == "QUEUE * is paused\n"
    assert len(tries) == 3
    monkeypatch.undo()
    invoke(operator, "resume", "queue", *WHY)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pause", "rail", *WHY), "name the rail"),
        (("pause", "tenant", *WHY), "name the tenant"),
        (("pause", "queue", "SEPA", *WHY), "leave out"),
        (("pause", "rail", "SEPA"), "--reason"),
        (("pause", "planet", "X", *WHY), "planet"),
        (("redrive",), "name outbox ids, or filter"),
        (("redrive", str(uuid4()), "--rail", "SEPA"), "name outbox ids, or filter"),
        (("redrive", "--rail", "SEPA"), "needs a --limit"),
        (("redrive", str(uuid4()), "--limit", 3), "--limit goes with a filter"),
        (("redrive", str(uuid4()), "--yes"), "--yes needs a --reason"),
        (("redrive", "--limit", 3), "name outbox ids, or filter"),
        (("resolve", str(uuid4()), "failed", *WHY), "--attempt-no"),
        (
            ("resolve", str(uuid4()), "failed", "--attempt-no", 1, "--evidence", "[]", *WHY),
            "no JSON object",
        ),
        (("record-attempt", str(uuid4()), "zombie_requeue", *WHY), "zombie_requeue"),
    ],
)
def test_wrong_usage_writes_nothing(
    operator: str, queue: Queue, arguments: tuple[object, ...], words: str
) -> None:
    before = queue.value("select count(*) from public.payment_outbox_operator_actions")
    done = invoke(operator, *arguments, code=2)
    assert words in " ".join(done.stderr.replace("│", " ").split())
    assert queue.value("select count(*) from public.payment_outbox_operator_actions") == before


def test_errors_name_field_and_rule(operator: str, scene: Scene) -> None:
    with pytest.raises(InvalidArgument, match="reason: must be 1 to 1000 characters"):
        invoke(operator, "cancel", scene.due, "--reason", " ")
    with pytest.raises(InvalidArgument, match="a known tenant's id"):
        invoke(operator, "pause", "tenant", uuid4(), *WHY)
    with pytest.raises(UnknownItem, match="there is no such item"):
        invoke(operator, "cancel", uuid4(), *WHY)
    with pytest.raises(InvalidTransition, match="worker"):
        invoke(operator, "cancel", scene.leased, *WHY)


def test_a_tenant_is_paused_by_any_spelling_of_its_id(operator: str) -> None:
    shouted = str(TENANT).upper()
    assert (
        invoke(operator, "pause", "tenant", shouted, *WHY).stdout == f"TENANT {TENANT} is paused\n"
    )
    done = invoke(operator, "resume", "tenant", shouted, *WHY, "--json")
    assert valid("resume", done.stdout)["was_paused"] is True


def test_a_rail_that_nobody_knows_is_remarked(operator: str) -> None:
    assert "is that its name?" in invoke(operator, "pause", "rail", "SEPPA", *WHY).stderr


def test_the_login_name_is_the_actor(operator: str, queue: Queue) -> None:
    invoke(operator, "cancel", queue.enqueue("unwanted"), "--reason", "withdrawn")
    assert _last_action(queue).actor == getpass.getuser()


def test_a_doubt_is_resolved(operator: str, queue: Queue) -> None:
    queue.complete(queue.claim())  # what other tests left
    doubtful, _ = in_doubt(queue, "to resolve")
    given = ("resolve", doubtful, "dispatched", *WHY, "--rail-reference", "R-1", "--json")
    with pytest.raises(InvalidTransition):
        invoke(operator, *given, "--attempt-no", 2)
    done = invoke(operator, *given, "--attempt-no", 1, "--evidence", '{"asked": "SEPA desk"}')
    assert valid("resolve", done.stdout) == {
        "outbox_id": str(doubtful),
        "attempt_no": 1,
        "state": "DISPATCHED",
    }
    assert _last_action(queue).detail["evidence"] == {"asked": "SEPA desk"}
    assert queue.attempts(doubtful)[-1].rail_reference == "R-1"


def test_an_attempt_by_hand_is_recorded(operator: str, queue: Queue) -> None:
    by_hand = queue.enqueue("by hand")
    done = invoke(
        operator, "record-attempt", by_hand, "dispatched", *WHY, "--rail-reference", "PAPER-17"
    )
    assert done.stdout == f"item {by_hand}: attempt 1 is DISPATCHED\n"
    assert queue.attempts(by_hand)[-1].rail_reference == "PAPER-17"


def test_a_redrive_is_a_rehearsal_first(operator: str, queue: Queue) -> None:
    dead = dead_letter(queue, "to redrive", rail="AGAIN")
    unknown = uuid4()
    actions = queue.value("select count(*) from public.payment_outbox_operator_actions")
    rehearsal = invoke(operator, "redrive", dead, unknown, "--json", code=1)
    assert valid("redrive", rehearsal.stdout)["outcomes"] == {"UNKNOWN": 1, "WOULD_REDRIVE": 1}
    assert queue.pending(dead) is None
    assert queue.value("select count(*) from public.payment_outbox_operator_actions") == actions
    text = invoke(operator, "redrive", "--rail", "AGAIN", "--limit", 10)
    assert "WOULD_REDRIVE" in text.stdout
    assert "nothing was written: --yes does it" in text.stderr
    done = invoke(operator, "redrive", "--rail", "AGAIN", "--limit", 10, "--yes", *WHY, "--json")
    found = valid("redrive", done.stdout)
    assert (found["rehearsal"], found["outcomes"]) == (False, {"REDRIVEN": 1})
    assert queue.pending(dead).redrive_no == 1
    again = invoke(operator, "redrive", "--rail", "AGAIN", "--limit", 10, "--yes", *WHY)
    assert "no such dead letters" in again.stderr


def test_a_redrive_stops_at_its_limit(operator: str, queue: Queue) -> None:
    ids = [dead_letter(queue, f"of many {number}", rail="MANY") for number in range(3)]
    done = invoke(operator, "redrive", "--rail", "MANY", "--limit", 2, "--yes", *WHY, "--json")
    assert [UUID(item["outbox_id"]) for item in valid("redrive", done.stdout)["items"]] == ids[:2]
    assert queue.pending(ids[2]) is None


def test_what_is_disputed_is_redriven_only_when_told_so(
    operator: str, scene: Scene, queue: Queue
) -> None:
    done = invoke(operator, "redrive", scene.disputed, "--yes", *WHY, code=1)
    assert "ask the rail, then --disputed-too" in done.stdout
    skipped = invoke(operator, "redrive", "--error-code", "TIMEOUT", "--limit", 100, "--json")
    ids = [item["outbox_id"] for item in valid("redrive", skipped.stdout)["items"]]
    assert ids == [str(scene.hostile)]
    assert queue.pending(scene.disputed) is None
    invoke(operator, "redrive", scene.disputed, "--disputed-too", "--yes", *WHY)
    assert queue.pending(scene.disputed).redrive_no == 1


def test_a_database_of_an_earlier_revision(
    client_baseline_18: psycopg.Connection[Any], scene: Scene
) -> None:
    name = client_baseline_18.info.dbname
    url = scene.url.replace("/scene_test_acting?", f"/{name}?")
    assert name in url
    with pytest.raises(ConfigurationError, match="not at the revision of this release"):
        invoke(url, "top", "--once")
