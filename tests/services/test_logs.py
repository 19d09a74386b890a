"""A log line is one JSON document, and an exception in it tells no more than its kind and place."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from examples.services import logs


@pytest.fixture
def configured(capsys: pytest.CaptureFixture[str]) -> Iterator[logging.Logger]:
    """The services' logging, and afterwards that of the tests."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []  # those of the tests are theirs to close
    logs.configure()  # on the stderr that is captured
    assert capsys.readouterr().err == ""
    yield logging.getLogger("services.test")
    root.handlers, root.level = handlers, level


def test_an_exception_is_told_without_its_message(
    configured: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        try:
            int("[parameters: {'p_payload': 's3cret'}]")
        except ValueError as cause:
            raise RuntimeError("s3cret") from cause

    try:
        fail()
    except RuntimeError:
        configured.exception("it failed", extra={"fields": {"correlation_id": "c"}})
    logs.event(configured, "two\nlines", number=1)
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert first["error"] == ["RuntimeError", "ValueError"]
    assert first["where"][-1].startswith("test_logs.py:")
    assert (first["message"], first["correlation_id"]) == ("it failed", "c")
    assert "s3cret" not in json.dumps(first)
    assert (second["message"], second["number"]) == ("two\nlines", 1)
