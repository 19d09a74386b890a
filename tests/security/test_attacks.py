"""Every attack of the list, by every attacker, on the reference and at head."""

from __future__ import annotations

import pytest

from tests.security.attacks import ATTACKS
from tests.security.grounds import DENIED, EVERYONE, Grounds

# There is no such relation, column, function, type or role on the reference.
ABSENT = {"42P01", "42703", "42883", "42704", "22023"}


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_attack(grounds: Grounds, name: str) -> None:
    attack = ATTACKS[name]
    statement = attack.statement.replace("{leased}", grounds.ids["leased"])
    statement = statement.replace("{token}", grounds.token)
    outcomes = {who: grounds.outcome(who, statement) for who in EVERYONE}
    succeeded = tuple(who for who in EVERYONE if outcomes[who] == "ok")
    refused = {outcomes[who] for who in EVERYONE} - {"ok"}
    if grounds.is_head:
        assert succeeded == attack.may, outcomes
        assert refused <= {DENIED}, outcomes
    else:
        assert succeeded == attack.worked, outcomes
        assert refused <= {DENIED} | ABSENT, outcomes
