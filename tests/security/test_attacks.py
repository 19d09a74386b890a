"""Every attack of the list, by every attacker, on the reference and at head."""

from __future__ import annotations

import pytest

from proof.attacks.grounds import Grounds
from proof.attacks.listed import ATTACKS
from proof.attacks.suite import wrong_listed


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_attack(grounds: Grounds, name: str) -> None:
    assert wrong_listed(grounds, name) is None
