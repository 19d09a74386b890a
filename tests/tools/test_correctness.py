"""The counts on the page of correctness are those of the artefacts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import correctness


def test_the_page_says_what_the_artefacts_say() -> None:
    assert correctness.main(["--check"]) == 0


def test_a_number_written_by_hand_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "correctness.md"
    right = correctness.PAGE.read_text("utf-8")
    page.write_text(re.sub(r"(\| listed killed \| )\d+", r"\g<1>9999", right), "utf-8")
    monkeypatch.setattr(correctness, "PAGE", page)
    assert correctness.main(["--check"]) == 1
    assert correctness.main([]) == 0
    assert page.read_text("utf-8") == right
