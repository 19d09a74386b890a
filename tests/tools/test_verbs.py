"""The async verbs are what the blocking ones make, and the check says when they are not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tools import verbs


def test_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for blocking in verbs.PAIRS:
        (tmp_path / blocking).parent.mkdir(exist_ok=True)
        shutil.copy(verbs.FOLDER / blocking, tmp_path / blocking)
    assert verbs.main(["--check"], folder=tmp_path) == 1  # there are no async files
    assert verbs.main([], folder=tmp_path) == 0
    capsys.readouterr()
    assert verbs.main(["--check"], folder=tmp_path) == 0
    for asynchronous in verbs.PAIRS.values():
        assert (tmp_path / asynchronous).read_text() == (verbs.FOLDER / asynchronous).read_text()

    path = tmp_path / "verbs" / "awaited.py"
    path.write_text(path.read_text().replace("await ", "", 1))
    assert verbs.main(["--check"], folder=tmp_path) == 1
    said = "verbs/awaited.py is not what verbs/blocking.py makes: run `make verbs`\n"
    assert capsys.readouterr().out == said
