"""Learning an unknown outcome: what counts as an answer, and what happens without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tenacity import Retrying

from ledgerdb import calls
from ledgerdb._patience import replaying
from ledgerdb.calls import Call
from ledgerdb.engine import EngineSettings, create_ledger_engine, engine_arguments, settings_of
from ledgerdb.errors import (
    ConfigurationError,
    Contention,
    IdempotencyConflict,
    LeaseExpired,
    OutcomeUnknown,
    TenantRefused,
)
from ledgerdb.url import database_url

CALL: Call[Any] = calls.enqueue("i", "p", "k", "RTGS", "{}")


def failing(*errors: BaseException) -> Callable[[], str]:
    left = list(errors)

    def replay() -> str:
        if left:
            raise left.pop(0)
        return "answer"

    return replay


def test_what_passes_is_waited_for() -> None:
    replay = failing(OutcomeUnknown(), Contention("busy"), TenantRefused("suspended"))
    assert Retrying(**replaying(CALL, 30))(replay) == "answer"


@pytest.mark.parametrize("error", [IdempotencyConflict("other"), LeaseExpired("late")])
def test_an_error_about_the_key_or_the_token_is_the_answer(error: Exception) -> None:
    with pytest.raises(type(error)):
        Retrying(**replaying(CALL, 30))(failing(error))


def test_a_refusal_for_another_reason_leaves_it_unknown() -> None:
    """The tenant is suspended now; whether the payment was accepted before, nobody has said."""
    refused = TenantRefused("suspended")
    with pytest.raises(OutcomeUnknown, match="call it again with the same arguments") as caught:
        Retrying(**replaying(CALL, 0))(failing(refused, refused))
    assert caught.value.__cause__ is refused


def test_an_interruption_is_not_waited_out() -> None:
    with pytest.raises(KeyboardInterrupt):
        Retrying(**replaying(CALL, 30))(failing(KeyboardInterrupt()))


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"answer_seconds": 30.0}, "longer than statement_timeout_ms"),
        ({"resolve_seconds": -1.0}, "resolve_seconds"),
        ({"peer_seconds": 2}, "peer_seconds"),
    ],
)
def test_settings_that_make_no_sense(given: dict[str, Any], rule: str) -> None:
    with pytest.raises(ConfigurationError, match=rule):
        EngineSettings(**given)


def test_a_silent_peer_is_dead_after_the_given_seconds() -> None:
    plain = engine_arguments(database_url("postgresql://h/d"), EngineSettings(peer_seconds=12))
    chosen = {name: plain["connect_args"][name] for name in sorted(plain["connect_args"])}
    assert chosen["tcp_user_timeout"] == 12_000
    idle, interval, count = (chosen[f"keepalives_{n}"] for n in ("idle", "interval", "count"))
    assert idle + interval * count == 12
    url = database_url("postgresql://h/d?keepalives_idle=60")
    assert "keepalives_idle" not in engine_arguments(url, EngineSettings())["connect_args"]


def test_an_engine_knows_its_settings() -> None:
    settings = EngineSettings(resolve_seconds=3.0)
    engine = create_ledger_engine("postgresql://h/d", settings)
    assert settings_of(engine) == settings
    assert settings_of(engine.execution_options(isolation_level="AUTOCOMMIT")) == settings
