"""Nothing is skipped unseen: where a program is missing, a test is skipped, but in CI it fails."""

from __future__ import annotations

import pytest
from _pytest.outcomes import Failed, Skipped

from tests.programs import found


def test_what_is_there_is_found() -> None:
    assert found("sh", "dash").endswith("/sh")


@pytest.mark.parametrize(("ci", "outcome"), [("true", Failed), ("", Skipped)])
def test_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="apt-get install nowhere"):
        found("no-such-program", "nowhere")
