"""Settings, URLs and engines, each argument in turn one that it should not get: they are made, or a
ConfigurationError says what is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from inspect import isclass, signature
from typing import Any
from uuid import uuid4

import pytest

import ledgerdb
from ledgerdb.errors import ConfigurationError
from ledgerdb.url import database_url

HOSTILE: tuple[Any, ...] = (
    *(None, True, 0, -1, 1, 2**31, -(2**63), 10**500, 0.5, math.nan, math.inf, -math.inf),
    *(Decimal("sNaN"), Decimal("1e999999"), object(), "", " ", "\x00", "\ud800", "x" * 1_000_000),
    *("\u202e", b"\xff", [], {}, (), iter([]), datetime(1, 1, 1), timedelta.max, uuid4(), int),  # noqa: DTZ001
    *("postgresql://[", "postgresql://h:99999999/d", "postgresql://u:p%zz@h/d", "mysql://h/d"),
    *("postgresql://h/\x00", "postgresql://h/\ud800", "postgresql://h/d?x=y", "postgresql://"),
)
PUBLIC = {name: getattr(ledgerdb, name) for name in ledgerdb.__all__}
MADE: dict[str, Callable[..., Any]] = {
    "database_url": database_url,
    **{name: made for name, made in PUBLIC.items() if name.endswith(("Settings", "_engine"))},
    **{
        f"{name}.connect": made.connect
        for name, made in PUBLIC.items()
        if isclass(made) and hasattr(made, "connect")
    },
}


def test_what_is_public_is_tried() -> None:
    assert {"EngineSettings", "WorkerSettings", "create_ledger_engine", "Ledger.connect"} <= {*MADE}


@pytest.mark.parametrize("name", sorted(MADE))
def test_it_is_made_or_says_what_is_wrong(name: str) -> None:
    make, failures, refused = MADE[name], [], 0
    usual = {"url": "postgresql://h/d"} if "url" in signature(make).parameters else {}
    for parameter in signature(make).parameters:
        for value in HOSTILE:
            try:
                make(**{**usual, parameter: value})
            except ConfigurationError as error:
                refused += 1
                if not str(error):
                    failures.append(f"{parameter}={value!r:.40}: says nothing")
            except Exception as error:  # noqa: BLE001 - that there is none is the test
                failures.append(f"{parameter}={value!r:.40}: {error!r}"[:200])
    assert failures == []
    assert refused > 10
