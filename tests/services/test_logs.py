"""A log line is one JSON document, and an exception in it tells no more than its kind and place."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr

import pytest

from examples.services import logs


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """What the services' logging writes; afterwards it is that of the tests again."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []  # those of the tests are theirs to close
    with redirect_stderr(io.StringIO()) as stderr:
        logs.configure()
    yield stderr
    root.handlers, root.level = handlers, level


def test_an_exception_is_told_without_its_message(said: io.StringIO) -> None:
    log = logging.getLogger("services.test")

    def fail() -> None:
        try:
            int("[parameters: {'p_payload': 's3cret'}]")
        except ValueError as cause:
            raise RuntimeError("s3cret") from cause

    try:
        fail()
    except RuntimeError:
        log.exception("it failed", extra={"fields": {"correlation_id": "c"}})
    logs.event(log, "two\nlines", number=1)
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    # a service of another test may still be saying something
    first, second = (line for line in lines if line["logger"] == log.name)
    assert first["error"] == ["RuntimeError", "ValueError"]
    assert first["where"][-1].startswith("test_logs.py:")
    assert (first["message"], first["correlation_id"]) == ("it failed", "c")
    assert "s3cret" not in json.dumps(first)
    assert (second["message"], second["number"]) == ("two\nlines", 1)
