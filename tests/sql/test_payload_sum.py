"""What a claim compares: the quick sum where it can, the fingerprint where it must."""

from __future__ import annotations

import pytest

from tests.seals.sealed import Sealed
from tests.sql.queue import Queue

IDENTITIES = "payment_outbox_identities"
HOLD = "select hold from public.payment_outbox_pending"


@pytest.mark.parametrize(
    "edit",
    [
        "update public.payment_outbox_identities set payload = '{}'",
        "update public.payment_outbox_identities set payload = '{}', payload_sum = null",
        "update public.payment_outbox_pending set participant_id = 'q'",
        "update public.payment_outbox_pending set rail_type = 'SEPA'",
    ],
)
def test_what_was_changed_is_held(queue: Queue, edit: str) -> None:
    queue.enqueue("i", payload='{"amount": 1}')
    Sealed(queue.connection).tamper(IDENTITIES, edit)
    assert queue.claim() == []
    assert queue.value(HOLD) == "PAYLOAD_MISMATCH"


@pytest.mark.parametrize("payload_sum", ["null", "payload_sum + 1"])
def test_a_sum_that_is_missing_or_wrong_holds_nobody(queue: Queue, payload_sum: str) -> None:
    queue.enqueue("i", payload='{"amount": 1}')
    Sealed(queue.connection).tamper(
        IDENTITIES, f"update public.payment_outbox_identities set payload_sum = {payload_sum}"
    )
    assert len(queue.claim()) == 1
