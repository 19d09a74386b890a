"""What a user may import, pinned."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

import ledgerdb
from ledgerdb import errors


def test_all_is_sorted_and_complete() -> None:
    assert ledgerdb.__all__ == sorted(ledgerdb.__all__)
    for name in ledgerdb.__all__:
        assert getattr(ledgerdb, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        ledgerdb.nothing  # noqa: B018


def test_every_public_error_is_exported() -> None:
    public = {name for name in errors.__all__ if name[0].isupper()}
    assert public <= set(ledgerdb.__all__)


def test_a_blocking_user_never_loads_the_async_colour() -> None:
    program = (
        "import sys, ledgerdb; ledgerdb.Ledger; "
        "sys.exit('sqlalchemy.ext.asyncio' in sys.modules or 'alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_errors_cross_process_borders() -> None:
    error = errors.LeaseLost("gone", sqlstate="P7002", field="token", rule="last issued")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is errors.LeaseLost
    assert (str(copy), copy.sqlstate, copy.field, copy.rule) == (
        "gone",
        "P7002",
        "token",
        "last issued",
    )


def test_sqlstates_are_registered_once() -> None:
    with pytest.raises(TypeError, match="P7002"):
        type("Again", (errors.DatabaseError,), {}, sqlstates=("P7002",))
    assert errors.error_for("P7002") is errors.LeaseLost
    assert errors.error_for("XX000") is errors.DatabaseError
    assert errors.error_for(None) is errors.DatabaseError
