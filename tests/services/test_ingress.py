"""Each answer of the ingress, over HTTP."""

from __future__ import annotations

import hashlib
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from tests.factories import OTHER_TENANT, TENANT
from tests.services.ingress import PARTICIPANT, PAYLOAD, SUBMIT, UNREGISTERED, Served, envelope


def problem(response: httpx.Response, status: int, kind: str) -> list[dict[str, str]]:
    """The broken rules of a refusal that looks as documented."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == status
    assert document["type"] == f"urn:ledgerdb:problem:{kind}"
    assert document["title"]
    errors: list[dict[str, str]] = document.get("errors", [])
    return errors


def test_what_is_acknowledged_is_in_the_database(
    ingress: Served, database: psycopg.Connection[Any]
) -> None:
    payload = '{ "amount":1.10,\n"to": "Zoë \\u00e9", "n": 0.10 }'.encode()
    correlation_id = str(uuid4())
    response = ingress.submit(envelope("ack", payload), x_correlation_id=correlation_id)
    assert response.status_code == 202
    acknowledgement = response.json()
    assert acknowledgement["payload_hash"] == hashlib.sha256(payload).hexdigest()
    assert (acknowledgement["state"], acknowledgement["replayed"]) == ("PENDING", False)
    assert response.headers["x-correlation-id"] == correlation_id
    assert response.headers["location"] == "/v1/instructions/instruction-ack"
    row = database.execute(
        """select i.payload::text, a.payload_hash, a.correlation_id::text, a.tenant_id
        from public.payment_outbox_identities as i
        join public.ingress_attestations as a using (tenant_id, instruction_id)
        where i.outbox_id = %s""",
        [acknowledgement["outbox_id"]],
    ).fetchone()
    assert row == (payload.decode(), acknowledgement["payload_hash"], correlation_id, TENANT)


def test_a_replay_gets_the_same_acknowledgement(ingress: Served) -> None:
    first, second = (ingress.submit(envelope("replay")) for _ in range(2))
    assert second.json() == {**first.json(), "replayed": True}
    assert not first.json()["replayed"]


def test_every_error_is_named_at_once(ingress: Served) -> None:
    body = envelope(
        1,
        b"[1e999]",
        tenant_id="{0f000000-0000-4000-8000-000000000001}",
        instruction_id=" x",
        idempotency_key="\u0000",
        rail_type=None,
        member_id=5,
        upstream_ref="x" * 501,
        amount=1,
    )
    response = ingress.submit(body, x_tenant_id=None, x_participant_id="")
    errors = {each["field"]: each["rule"] for each in problem(response, 400, "invalid-request")}
    assert errors["x-tenant-id"] == errors["rail_type"] == "required"
    assert errors["amount"] == "unknown"
    assert errors["payload"]
    assert errors["tenant_id"] == errors["member_id"] == "a UUID"
    assert "1 to 200 characters" in errors["x-participant-id"]
    assert errors["instruction_id"] == errors["idempotency_key"]
    assert "500" in errors["upstream_ref"]
    assert len(errors) == 10


@pytest.mark.parametrize("key", [None, "", "wrong", "x" * 5_000])
def test_401(ingress: Served, key: str | None) -> None:
    response = ingress.submit(envelope(), x_api_key=key)
    assert problem(response, 401, "unauthenticated") == []
    assert response.headers["www-authenticate"]


def test_401_with_two_keys(ingress: Served) -> None:
    headers = [*ingress.headers().items(), ("x-api-key", ingress.keys["first"])]
    problem(
        ingress.client.post(SUBMIT, content=envelope(), headers=headers), 401, "unauthenticated"
    )


@pytest.mark.parametrize(
    ("headers", "members"),
    [
        ({"x_tenant_id": str(OTHER_TENANT)}, {}),
        ({"x_tenant_id": str(uuid4())}, {}),
        ({"x_participant_id": "stranger"}, {}),
        ({}, {"tenant_id": str(OTHER_TENANT)}),
        ({}, {"participant_id": "stranger"}),
        ({}, {"participant_id": "participant-2"}),
    ],
)
def test_403(ingress: Served, headers: dict[str, str], members: dict[str, Any]) -> None:
    assert problem(ingress.submit(envelope(2, **members), **headers), 403, "not-allowed") == []


def test_a_tenant_that_the_ledger_refuses_is_refused_like_any_other(
    ingress: Served, database: psycopg.Connection[Any]
) -> None:
    """Unknown, suspended and not the key's: one answer."""
    shared = {"x_correlation_id": str(uuid4())}
    strangers = ingress.submit(envelope(3), x_tenant_id=str(OTHER_TENANT), **shared)
    unknown = ingress.submit(envelope(3, tenant_id=str(UNREGISTERED)), "unregistered", **shared)
    suspend = "update public.tenants set status = %s where tenant_id = %s"
    database.execute(suspend, ["SUSPENDED", OTHER_TENANT])
    suspended = ingress.submit(envelope(3, tenant_id=str(OTHER_TENANT)), "other", **shared)
    database.execute(suspend, ["ACTIVE", OTHER_TENANT])
    problem(unknown, 403, "not-allowed")
    assert unknown.content == strangers.content == suspended.content
    assert told(unknown) == told(strangers) == told(suspended)


def told(response: httpx.Response) -> dict[str, str]:
    """The headers, without the time."""
    return {name: value for name, value in response.headers.items() if name != "date"}


@pytest.mark.parametrize("path", ["/v1/instructions/", "/v1/evidence-packs/"])
def test_404_is_the_same_for_what_is_not_there_and_for_what_is_not_yours(
    ingress: Served, path: str
) -> None:
    own = ingress.submit(envelope("secret"))
    assert own.status_code == 202
    shared = {"x_correlation_id": str(uuid4())}
    there = ingress.client.get(f"{path}instruction-secret", headers=ingress.headers(**shared))
    assert there.status_code == 200
    others = [
        ingress.client.get(f"{path}{name}", headers=headers)
        for name, headers in (
            ("instruction-secret", ingress.headers("other", **shared)),  # another tenant
            ("instruction-none", ingress.headers("other", **shared)),
            ("instruction-secret", ingress.headers(x_participant_id="participant-2", **shared)),
        )
    ]
    for response in others:
        problem(response, 404, "not-found")
    assert len({response.content for response in others}) == 1
    assert told(others[0]) == told(others[1]) == told(others[2])


def test_status_and_evidence(ingress: Served) -> None:
    acknowledgement = ingress.submit(envelope("a/b ?%")).json()
    path = "instruction-a%2Fb%20%3F%25"
    status = ingress.client.get(f"/v1/instructions/{path}", headers=ingress.headers()).json()
    assert (status["outbox_id"], status["state"]) == (acknowledgement["outbox_id"], "PENDING")
    pack = ingress.client.get(f"/v1/evidence-packs/{path}", headers=ingress.headers()).json()
    assert pack["attestation"]["payload_hash"] == acknowledgement["payload_hash"]
    assert pack["outbox"]["outbox_id"] == acknowledgement["outbox_id"]
    assert pack["attempts"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"payload": b'{"amount": "10.00","currency": "EUR"}'},
        {"rail_type": "SEPA"},
        {"idempotency_key": "another"},
    ],
)
def test_409(ingress: Served, changes: dict[str, Any]) -> None:
    assert ingress.submit(envelope("used")).status_code == 202
    body = envelope("used", changes.pop("payload", PAYLOAD), **changes)
    (error,) = problem(ingress.submit(body), 409, "idempotency-conflict")
    assert error["field"] in ("idempotency_key", "instruction_id")


@pytest.mark.parametrize(
    "given",
    [
        None,
        "text/plain",
        "application/json; charset=latin-1",
        "application/xml",
        "application/jsonp",
    ],
)
def test_415(ingress: Served, given: str | None) -> None:
    problem(ingress.submit(envelope(), content_type=given), 415, "unsupported-media-type")


def test_415_compressed(ingress: Served) -> None:
    problem(ingress.submit(envelope(), content_encoding="gzip"), 415, "unsupported-media-type")


@pytest.mark.parametrize("given", ["application/json; charset=UTF-8", "Application/JSON"])
def test_json_by_other_names(ingress: Served, given: str) -> None:
    assert ingress.submit(envelope("json"), content_type=given).status_code == 202


def test_405_and_404(ingress: Served) -> None:
    response = ingress.client.get(SUBMIT)
    problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "POST"
    problem(ingress.client.get("/v1/nothing"), 404, "not-found")
    problem(ingress.client.get(f"{SUBMIT}/"), 404, "not-found")


def test_probes_and_metrics(ingress: Served) -> None:
    assert ingress.client.get("/healthz").json() == {"status": "alive"}
    assert ingress.client.get("/readyz").json() == {"status": "ready"}
    ingress.submit(envelope("measured"))
    metrics = ingress.client.get("/metrics").text
    assert 'ingress_requests_total{route="submit",status="202"}' in metrics
    assert str(TENANT) not in metrics
    assert PARTICIPANT not in metrics


def test_every_answer_has_an_id_and_says_no_more_than_it_must(ingress: Served) -> None:
    for response in (
        ingress.client.get("/healthz"),
        ingress.submit(b""),
        ingress.client.get("/no", headers={"x-correlation-id": "<script>"}),
    ):
        UUID(response.headers["x-correlation-id"])
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "server" not in response.headers


def test_a_member_of_another_tenant_and_an_unknown_one_are_not_told_apart(
    ingress: Served, database: psycopg.Connection[Any]
) -> None:
    stranger = uuid4()
    database.execute(
        "insert into public.tenant_members (member_id, tenant_id, member_ref, tpin_hash,"
        " msisdn_hash) values (%s, %s, 'm', '\\x00', '\\x00')",
        [stranger, OTHER_TENANT],
    )
    foreign, unknown = (
        ingress.submit(envelope("member", member_id=str(each)), x_correlation_id=str(TENANT))
        for each in (stranger, uuid4())
    )
    (error,) = problem(unknown, 400, "invalid-request")
    assert error == {"field": "member_id", "rule": "a member of the tenant"}
    assert foreign.content == unknown.content


def test_both_keys_of_a_tenant_work_during_a_rotation(ingress: Served) -> None:
    assert ingress.submit(envelope("rotated"), "first").status_code == 202
    assert ingress.submit(envelope("rotated"), "first-next").json()["replayed"]


def test_the_payload_is_bytes_as_they_came(ingress: Served) -> None:
    spaced = b'{"a":1.0 ,"b":[ ]}'
    answer = ingress.submit(b" " + envelope("bytes", spaced) + b"\n").json()
    assert answer["payload_hash"] == hashlib.sha256(spaced).hexdigest()
    assert spaced != PAYLOAD


def test_a_crowd_with_one_request_gets_one_acknowledgement(
    ingress: Served, database: psycopg.Connection[Any]
) -> None:
    body = envelope("crowd")
    with ThreadPoolExecutor(16) as threads:
        answers = [each.json() for each in threads.map(lambda _: ingress.submit(body), range(32))]
    assert sorted(answer.pop("replayed") for answer in answers) == [False] + [True] * 31
    assert all(answer == answers[0] for answer in answers)
    row = database.execute(
        "select count(*) from public.payment_outbox_identities"
        " where instruction_id = 'instruction-crowd'"
    ).fetchone()
    assert row == (1,)


def test_a_body_in_chunks_is_one_body(ingress: Served) -> None:
    payload = b'{"text": "' + b"0123456789" * 30_000 + b'"}'
    body = envelope("chunks", payload)
    chunks = (body[start : start + 7_000] for start in range(0, len(body), 7_000))
    response = ingress.client.post(SUBMIT, content=chunks, headers=ingress.headers())
    assert response.status_code == 202
    assert response.json()["payload_hash"] == hashlib.sha256(payload).hexdigest()


def test_a_client_that_asks_first_is_told_to_continue(ingress: Served) -> None:
    body = envelope("asked")
    lines = [f"POST {SUBMIT} HTTP/1.1", "host: x", "expect: 100-continue", "connection: close"]
    lines += [f"{name}: {value}" for name, value in ingress.headers().items()]
    with socket.create_connection(("127.0.0.1", ingress.port), timeout=20) as connection:
        head = "\r\n".join([*lines, f"content-length: {len(body)}"])
        connection.sendall(head.encode() + b"\r\n\r\n")
        assert connection.recv(1_000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert connection.recv(1_000).startswith(b"HTTP/1.1 202 ")
