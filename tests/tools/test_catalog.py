"""The gate of the generated catalogs refuses what the migrations do not make."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import catalog

MADE = {"0001.json": '{\n  "table": {}\n}\n', "0002.json": "{}\n"}


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "documents", lambda: MADE)


def test_what_is_written_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert catalog.main([], folder=tmp_path) == 0
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == MADE
    capsys.readouterr()
    assert catalog.main(["--check"], folder=tmp_path) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("0001.json", "{}\n", '+  "table": {}'),
        ("0002.json", None, "+{}"),
        ("0003.json", "{}\n", "-{}"),
    ],
    ids=["changed", "missing", "surplus"],
)
def test_what_differs_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str | None, said: str
) -> None:
    catalog.main([], folder=tmp_path)
    if text is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(text)
    assert catalog.main(["--check"], folder=tmp_path) == 1
    out = capsys.readouterr().out
    assert name in out
    assert said in out
