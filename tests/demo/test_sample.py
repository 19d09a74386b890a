"""The shipped sample is what its tool writes, and holds what the tool says it holds."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ledgerdb.demo.instructions import InstructionLine, Line, LineProblem, TenantLine, read_lines
from ledgerdb.rows import TenantType
from tools import sample
from tools.sample import INSTRUCTIONS, REPLAYS, SAMPLE, Entry, entries, main
from tools.sample_invalid import BY_THE_DATABASE, BY_THE_READER, INVALID, REUSED_KEY
from tools.sample_names import PARTICIPANTS, TENANTS

AMOUNT = "payload.interbank_settlement_amount"
REASONS = {
    "JSON cut short": r"the line is not JSON: unterminated string .*",
    "no creditor agent": r"payload\.creditor_agent: is missing",
    "negative amount": rf"{AMOUNT}\.amount: must be greater than 0",
    "too many decimals": rf"{AMOUNT}\.amount: must have at most 2 decimals, as EUR has",
    "unknown currency": rf"{AMOUNT}\.currency: is not a known currency of ISO 4217",
    "wrong check digits of an IBAN": r"payload\.creditor_account\.iban: the check digits .* wrong",
    "a key twice": r"the key amount occurs twice in one object",
    "payload no object": r"payload: must be a JSON object",
}


@pytest.fixture(scope="module")
def made() -> list[Entry]:
    return list(entries())


@pytest.fixture
def made_once(monkeypatch: pytest.MonkeyPatch, made: list[Entry]) -> None:
    monkeypatch.setattr(sample, "entries", lambda: iter(made))


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return list(read_lines(SAMPLE))


def instruction_of(lines: list[Line], made: list[Entry], kind: str) -> InstructionLine:
    line = lines[next(at for at, entry in enumerate(made) if entry.kind == kind)]
    assert isinstance(line, InstructionLine)
    return line


def test_the_file_is_in_step_with_its_tool(made: list[Entry]) -> None:
    assert SAMPLE.read_bytes() == b"".join(f"{entry.text}\n".encode() for entry in made)


def test_the_numbers_are_the_documented_ones(made: list[Entry]) -> None:
    count = Counter(entry.kind for entry in made)
    assert count["tenant"] == len(TENANTS) == 4
    assert count["instruction"] == INSTRUCTIONS == 12_000
    assert count["replay"] == REPLAYS == 150
    assert {kind: count[kind] for kind in INVALID} == dict.fromkeys(INVALID, 1)
    assert (len(BY_THE_READER), len(BY_THE_DATABASE)) == (8, 4)
    said = " ".join((sample.__doc__ or "").split())
    assert f"{len(made):,} lines: 4 tenants, 12,000 instructions of {len(PARTICIPANTS)} " in said
    assert "150 exact replays of an earlier line, and 12 lines" in said
    assert "8 by the reader, 4 by the database" in said


def test_the_file_is_small_enough(made: list[Entry]) -> None:
    assert SAMPLE.stat().st_size < 10_000_000
    assert max(len(entry.text.encode()) for entry in made) <= 900


def test_every_line_but_the_documented_ones_is_read(made: list[Entry], lines: list[Line]) -> None:
    refused = {}
    for entry, line in zip(made, lines, strict=True):
        if isinstance(line, LineProblem):
            refused[entry.kind] = line.reason
        else:
            assert isinstance(line, TenantLine) == (entry.kind == "tenant")
    assert refused.keys() == REASONS.keys() == BY_THE_READER.keys()
    for kind, reason in refused.items():
        assert re.fullmatch(REASONS[kind], reason)


def test_tenants_come_first_and_are_of_every_type(lines: list[Line]) -> None:
    tenants = [line for line in lines if isinstance(line, TenantLine)]
    assert tenants == lines[:4]
    assert {tenant.tenant_type for tenant in tenants} == set(TenantType)


def test_a_replay_repeats_an_earlier_line(made: list[Entry]) -> None:
    first = {entry.text: at for at, entry in enumerate(made) if entry.kind == "instruction"}
    assert len(first) == INSTRUCTIONS
    for at, entry in enumerate(made):
        if entry.kind == "replay":
            assert at - first[entry.text] >= sample.DISTANCE_MIN


def test_instructions_and_keys_are_distinct(made: list[Entry]) -> None:
    documents = [json.loads(entry.text) for entry in made if entry.kind == "instruction"]
    for name in ("instruction_id", "idempotency_key"):
        assert len({document[name] for document in documents}) == INSTRUCTIONS


def test_lines_for_the_database_break_the_rule_they_name(
    made: list[Entry], lines: list[Line]
) -> None:
    tenants = {line.tenant_id for line in lines if isinstance(line, TenantLine)}
    of_nobody = instruction_of(lines, made, "unknown tenant")
    assert of_nobody.instruction.tenant_id not in tenants
    assert instruction_of(lines, made, "empty participant").instruction.participant_id == ""
    spoilt = instruction_of(lines, made, "control character in an identifier")
    assert not spoilt.instruction.instruction_id.isprintable()
    again = instruction_of(lines, made, REUSED_KEY)
    key = (again.instruction.instruction_id, again.instruction.idempotency_key)
    first = next(
        line
        for line in lines
        if isinstance(line, InstructionLine)
        and (line.instruction.instruction_id, line.instruction.idempotency_key) == key
    )
    assert again.line - first.line >= sample.DISTANCE_MIN
    assert again.instruction.tenant_id == first.instruction.tenant_id
    assert again.amount != first.amount


def test_it_is_varied(lines: list[Line]) -> None:
    read = [line for line in lines if isinstance(line, InstructionLine)]
    volume = Counter(line.instruction.participant_id for line in read if line.amount)
    assert volume.keys() - {""} == {participant[0] for participant in PARTICIPANTS}
    assert volume.most_common(1)[0][1] > 10 * min(volume[name] for name in volume if name)
    assert {line.currency for line in read} == {"EUR", "GBP", "JPY", "KES", "USD", "ZMW"}
    assert {line.instruction.rail_type for line in read} == {
        *("ACH", "BACS", "MOBILE", "RTGS", "SEPA_INST", "SWIFT")
    }


Spoil = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda content: content.replace(b"Relief", b"relief", 1), 1),
        (lambda content: content[:-1], 12_166),
        (lambda content: content + b"\n", 12_167),
        (lambda _: b"", 1),
    ],
    ids=["changed", "cut short", "longer", "empty"],
)
@pytest.mark.usefixtures("made_once")
def test_the_check_fails_when_the_file_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Spoil, line: int
) -> None:
    path = tmp_path / "sample.ndjson"
    path.write_bytes(spoil(SAMPLE.read_bytes()))
    assert main(["--check"], path=path) == 1
    assert capsys.readouterr().out == (
        f"sample.ndjson: line {line} is not what `make sample` writes\n"
    )


@pytest.mark.usefixtures("made_once")
def test_what_it_writes_passes_its_check(tmp_path: Path) -> None:
    path = tmp_path / "sample.ndjson"
    assert main(["--check"], path=path) == 1
    assert main([], path=path) == 0
    assert main(["--check"], path=path) == 0
