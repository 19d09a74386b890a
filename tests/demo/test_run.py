"""The whole plot on a small input: real server, real processes, a real SIGKILL."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ledgerdb.demo.options import DemoOptions
from ledgerdb.demo.results import DemoResult, Event, Moment
from ledgerdb.demo.run import run_demo
from ledgerdb.demo.witness import Witness
from ledgerdb.errors import ConfigurationError

TENANT = "0f000000-0000-4000-8000-000000000001"


def line(number: int, **changes: object) -> str:
    document: dict[str, Any] = {
        "tenant_id": TENANT,
        "instruction_id": f"i-{number}",
        "participant_id": f"p-{number % 3}",
        "idempotency_key": f"k-{number}",
        "rail_type": "ACH",
        "payload": {
            "group_header": {
                "message_id": f"m-{number}",
                "creation_date_time": "2026-03-02T09:30:00+00:00",
                "settlement_method": "CLRG",
            },
            "payment_identification": {"end_to_end_id": f"e-{number}"},
            "interbank_settlement_amount": {"currency": "EUR", "amount": "12.50"},
            "interbank_settlement_date": "2026-03-02",
            "charge_bearer": "SLEV",
            "debtor": {"name": "Ödön", "country": "DE"},
            "debtor_account": {"other": "1"},
            "debtor_agent": {"bicfi": "ABCDDEF0"},
            "creditor_agent": {"bicfi": "ABCDDEF0"},
            "creditor": {"name": "Ana", "country": "DE"},
            "creditor_account": {"other": "2"},
        },
    }
    return json.dumps(document | changes)


def registration(key: str = "first") -> str:
    tenant = {
        "tenant_id": TENANT,
        "tenant_key": key,
        "tenant_name": "First",
        "tenant_type": "NGO",
    }
    return json.dumps({"tenant": tenant})


@pytest.fixture
def instructions(tmp_path: Path) -> Path:
    lines = [registration(), *(line(number) for number in range(150))]
    lines += [line(7), "{broken", line(8, rail_type="SEPA"), line(200, tenant_id=str(UUID(int=9)))]
    path = tmp_path / "instructions.ndjson"
    path.write_text("\n".join(lines) + "\n")
    return path


class Silent:
    """Hears and remembers."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.events: list[Event] = []

    def phase(self, text: str) -> None:
        self.phases.append(text)

    def reading(self, moment: Moment, *, intake_done: bool) -> None:
        assert moment.finished <= 150
        assert moment.acknowledged <= 150 or not intake_done

    def happened(self, event: Event) -> None:
        self.events.append(event)


@pytest.fixture
def played(empty_database_url: str, instructions: Path) -> tuple[DemoResult, Silent]:
    observer = Silent()
    options = DemoOptions(
        instructions=instructions, workers=2, fail_rate=0.3, url=empty_database_url
    )
    return run_demo(options, observer), observer


def test_every_instruction_ends_and_every_invariant_holds(
    played: tuple[DemoResult, Silent], empty_database_url: str
) -> None:
    result, observer = played
    assert [check.name for check in result.checks if not check.holds] == []
    assert all(check.checked for check in result.checks)
    assert (result.lines, result.acknowledged, result.replayed) == (154, 150, 1)
    assert [problem.line for problem in result.refused] == [153, 154, 155]
    assert "is bound to another" in result.refused[1].reason
    assert "is not an active tenant" in result.refused[2].reason
    assert sum(result.outcomes.values()) == 150
    assert result.outcomes["PENDING"] == 0
    assert sum(result.attempts_histogram.values()) == 150
    assert sum(result.attempts_by_state.values()) == sum(
        attempts * count for attempts, count in result.attempts_histogram.items()
    )
    assert result.rail_payments == result.outcomes["DISPATCHED"]
    assert [worker.worker_id for worker in result.workers if worker.killed] in ([], ["worker-1"])
    assert any("killed (SIGKILL)" in event.text for event in observer.events)
    with psycopg.connect(empty_database_url) as connection:
        row = connection.execute("select count(*) from public.ingress_attestations").fetchone()
    assert row == (150,)


def test_it_does_not_touch_a_database_that_holds_instructions(
    database_url: str, connection: psycopg.Connection[Any], instructions: Path
) -> None:
    connection.execute("select public.enqueue_payment_outbox('real', 'p', 'k', 'RTGS', '{}')")
    options = DemoOptions(instructions=instructions, url=database_url)
    with pytest.raises(ConfigurationError, match="holds instructions already"):
        run_demo(options, Silent())
    row = connection.execute("select count(*), max(claimed_by) from payment_outbox_pending")
    assert row.fetchone() == (1, None)


CORRUPTIONS = {
    "terminal attempt": """
        insert into public.payment_outbox_pending (outbox_id, instruction_id, participant_id,
            sequence_id, idempotency_key, rail_type, payload, attempt_count)
        select outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            payload, attempt_no
        from public.payment_outbox_attempts where state = 'DISPATCHED' limit 1""",
    "not acknowledged": """
        insert into public.payment_outbox_identities (instruction_id, idempotency_key,
            participant_id, rail_type, fingerprint)
        values ('stranger', 'k', 'p', 'r', sha256(''))""",
    "numbered": """
        insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id,
            sequence_id, idempotency_key, rail_type, payload, attempt_no, state)
        select gen_random_uuid(), 'i', 'p-0', 1, 'k', 'r', '{}', 2, 'RETRYABLE'""",
    "no lease ended twice": """
        insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id,
            sequence_id, idempotency_key, rail_type, attempt_no, state, lease_token)
        select outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            attempt_no + 1, 'RETRYABLE', lease_token
        from public.payment_outbox_attempts where state = 'DISPATCHED' limit 1""",
    "as it was attested": """
        alter table public.payment_outbox_identities
            disable trigger trg_deny_outbox_identities_mutation;
        update public.payment_outbox_identities set payload = '{"amount": "forged"}'""",
    "last": """
        insert into public.payment_outbox_attempts (outbox_id, instruction_id, participant_id,
            sequence_id, idempotency_key, rail_type, payload, attempt_no, state)
        select outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type,
            payload, attempt_no + 1, 'RETRYABLE'
        from public.payment_outbox_attempts where state = 'DISPATCHED' limit 1""",
    "sequence": "update public.participant_outbox_sequences set next_sequence_id = 99",
    "every DISPATCHED payment": """
        alter table public.payment_outbox_attempts
            disable trigger trg_deny_outbox_attempts_mutation;
        update public.payment_outbox_attempts set rail_reference = 'forged'
        where state = 'DISPATCHED'""",
    "rejected": """
        alter table public.payment_outbox_attempts
            disable trigger trg_deny_outbox_attempts_mutation;
        update public.payment_outbox_attempts set state = 'FAILED', error_code = 'AC04'
        where state = 'DISPATCHED'""",
}


def test_the_witness_sees_each_kind_of_corruption(
    empty_database_url: str, instructions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each invariant is broken by hand, between the end of the run and the look of the witness."""
    original = Witness.checks
    broken: dict[str, list[str]] = {}

    def corrupted(self: Witness, acknowledged: Any, books: Any) -> Any:  # noqa: ANN401
        books = replace(books, entries=tuple(books.entries))
        for kind, corruption in CORRUPTIONS.items():
            witness = Witness(empty_database_url)
            witness._connection.execute("begin")
            witness._connection.execute(corruption)
            checks = original(witness, acknowledged, books)
            broken[kind] = [check.name for check in checks if not check.holds]
            witness._connection.execute("rollback")
            witness.close()
        return original(self, acknowledged, books)

    monkeypatch.setattr(Witness, "checks", corrupted)
    result = run_demo(
        DemoOptions(instructions=instructions, workers=1, url=empty_database_url), Silent()
    )
    assert result.holds
    for kind, names in broken.items():
        assert any(kind in name for name in names), (kind, names)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"workers": 0}, "workers"), ({"workers": 33}, "workers"), ({"fail_rate": 1.5}, "fail rate")],
)
def test_options_are_bounded(change: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigurationError, match=field):
        DemoOptions(**change)
