"""The reader of the demo's input: what it accepts, what it refuses and in which words."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledgerdb.demo import instructions
from ledgerdb.demo.instructions import (
    LINE_BYTES_MAX,
    InstructionLine,
    Line,
    LineProblem,
    TenantLine,
    read_lines,
)
from ledgerdb.demo.message import UNSENDABLE_RULE
from ledgerdb.errors import ConfigurationError
from ledgerdb.rows import TenantType

TENANT_ID = "0f000000-0000-4000-8000-000000000001"
PAYLOAD: dict[str, Any] = {
    "group_header": {
        "message_id": "M-1",
        "creation_date_time": "2026-03-02T09:30:00Z",
        "settlement_method": "CLRG",
    },
    "payment_identification": {"end_to_end_id": "E-1"},
    "interbank_settlement_amount": {"currency": "EUR", "amount": "1250.00"},
    "interbank_settlement_date": "2026-03-02",
    "charge_bearer": "SLEV",
    "debtor": {"name": "Möwenbank AG", "country": "DE"},
    "debtor_account": {"iban": "DE89370400440532013000"},
    "debtor_agent": {"bicfi": "MOWEDEX0"},
    "creditor_agent": {"bicfi": "NYOTKEX0XXX"},
    "creditor": {"name": "Γιώργος 佐藤", "country": "KE"},
    "creditor_account": {"other": "+254747611466"},
    "purpose_code": "SALA",
    "remittance_information": "Lohn März",
}
INSTRUCTION: dict[str, Any] = {
    "tenant_id": TENANT_ID,
    "instruction_id": "I-1",
    "participant_id": "P-1",
    "idempotency_key": "K-1",
    "rail_type": "SEPA_INST",
    "payload": PAYLOAD,
}
TENANT: dict[str, Any] = {
    "tenant": {
        "tenant_id": TENANT_ID,
        "tenant_key": "moewenbank",
        "tenant_name": "Möwenbank AG",
        "tenant_type": "COMMERCIAL",
    }
}
ABSENT = object()

Read = Callable[[bytes], list[Line]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_content(content: bytes) -> list[Line]:
        path = tmp_path / "input.ndjson"
        path.write_bytes(content)
        return list(read_lines(path))

    return read_content


def changed(where: str, value: object) -> bytes:
    """The good instruction with one field changed, added, or taken away."""
    document = copy.deepcopy(INSTRUCTION)
    *path, name = where.split(".")
    part = document
    for step in path:
        part = part[step]
    if value is ABSENT:
        del part[name]
    else:
        part[name] = value
    return encoded(document)


def encoded(document: object) -> bytes:
    return json.dumps(document).encode()


def problem(lines: list[Line]) -> str:
    (line,) = lines
    assert isinstance(line, LineProblem)
    return line.reason


def accepted(lines: list[Line]) -> InstructionLine:
    (line,) = lines
    assert isinstance(line, InstructionLine), line
    return line


def test_an_instruction_is_read(read: Read) -> None:
    line = accepted(read(changed("correlation_id", str(UUID(int=7)))))
    assert (line.line, line.amount, line.currency) == (1, "1250.00", "EUR")
    instruction = line.instruction
    assert instruction.tenant_id == UUID(TENANT_ID)
    assert instruction.correlation_id == UUID(int=7)
    assert instruction.instruction_id == "I-1"
    assert instruction.participant_id == "P-1"
    assert instruction.idempotency_key == "K-1"
    assert instruction.rail_type == "SEPA_INST"
    expected = json.dumps(PAYLOAD, ensure_ascii=False, separators=(",", ":"))
    assert instruction.payload == expected


def test_a_tenant_is_read(read: Read) -> None:
    assert read(encoded(TENANT)) == [
        TenantLine(1, UUID(TENANT_ID), "moewenbank", "Möwenbank AG", TenantType.COMMERCIAL)
    ]


def test_a_payload_keeps_what_it_carries_beyond_the_model(read: Read) -> None:
    more = '{"sums":[1.10,1E400,-0,123456789012345678901234567890],"deep":{"":null,"ü":[true,"/"]}}'
    content = changed("payload.supplementary_data", "?").replace(b'"?"', more.encode())
    payload = accepted(read(content)).instruction.payload
    assert isinstance(payload, str)
    assert payload.endswith(f',"supplementary_data":{more}}}')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text('abc"\\/ü\n', max_size=5), inner),
    max_leaves=10,
).filter(lambda value: "\\u0000" not in json.dumps(value))


# A busy machine is no defect of the reader.
@settings(deadline=None)
@given(value=JSON)
def test_the_compact_text_says_what_the_line_said(value: object) -> None:
    content = changed("payload.x", value)
    line = instructions._line(1, content)
    assert isinstance(line, InstructionLine)
    assert line.instruction.payload == json.dumps(
        json.loads(content)["payload"], ensure_ascii=False, separators=(",", ":")
    )


AMOUNT = "payload.interbank_settlement_amount.amount"
IBAN = "payload.debtor_account.iban"
BIC = "must be a BIC of 8 or 11 characters, such as ABCDDEF0"
DECIMAL = 'must be a plain decimal number, such as "1250.00"'
MOMENT = "must be a time with offset, such as 2026-03-02T09:30:00+00:00"
DAY = "must be a date, such as 2026-03-02"
QUOTES = "must be text in quotes, not a number"


@pytest.mark.parametrize(
    ("where", "value", "rule"),
    [
        ("tenant_id", ABSENT, "is missing"),
        ("tenant_id", "7", "must be a UUID"),
        ("tenant_id", 7, "must be a UUID"),
        ("tenant_id", None, "must be a UUID"),
        ("correlation_id", "x", "must be a UUID"),
        ("instruction_id", ABSENT, "is missing"),
        ("instruction_id", 12, QUOTES),
        ("instruction_id", None, "must be text"),
        ("participant_id", ABSENT, "is missing"),
        ("participant_id", "a\x00", UNSENDABLE_RULE),
        ("idempotency_key", ABSENT, "is missing"),
        ("idempotency_key", "\ud800", UNSENDABLE_RULE),
        ("rail_type", ["ACH"], "must be text"),
        ("idempotency_ky", "K-1", "is not a known field"),
        ("a\nb", "", "is not a known field"),
        ("payload", ABSENT, "is missing"),
        ("payload", "{}", "must be a JSON object"),
        ("payload", [], "must be a JSON object"),
        ("payload", 1.5, "must be a JSON object"),
        ("payload.group_header", ABSENT, "is missing"),
        ("payload.group_header.message_id", "m" * 36, "must be 1 to 35 characters"),
        ("payload.group_header.settlement_method", "CASH", "must be 'CLRG', 'COVE', 'INDA' or "),
        ("payload.group_header.creation_date_time", "2026-03-02T09:30:00", MOMENT),
        ("payload.group_header.creation_date_time", "2026-03-02 09:30:00Z", MOMENT),
        ("payload.group_header.creation_date_time", "2026-03-02T25:30:00Z", MOMENT),
        ("payload.group_header.creation_date_time", "", MOMENT),
        ("payload.payment_identification.end_to_end_id", ABSENT, "is missing"),
        ("payload.payment_identification.end_to_end_id", "", "must be 1 to 35 characters"),
        ("payload.payment_identification.end_to_end_id", "e" * 36, "must be 1 to 35 characters"),
        ("payload.payment_identification.tx_id", "t" * 36, "must be 1 to 35 characters"),
        ("payload.payment_identification.uetr", "t", "must be a UUID"),
        ("payload.interbank_settlement_amount", "1", "must be a JSON object"),
        ("payload.interbank_settlement_amount.currency", "EUX", "is not a known currency of ISO"),
        ("payload.interbank_settlement_amount.currency", "eur", "is not a known currency of ISO"),
        (AMOUNT, 12.5, QUOTES),
        (AMOUNT, 12, QUOTES),
        (AMOUNT, "0.00", "must be greater than 0"),
        (AMOUNT, "-0.01", "must be greater than 0"),
        (AMOUNT, "1.005", "must have at most 2 decimals, as EUR has"),
        *(
            (AMOUNT, bad, DECIMAL)
            for bad in ("", "1e3", "1,5", ".5", "1.", " 1", "+1", "01", "NaN")
        ),
        (AMOUNT, "١٢", DECIMAL),
        (AMOUNT, "1" * 14, DECIMAL),
        ("payload.interbank_settlement_date", "2026-02-30", DAY),
        ("payload.interbank_settlement_date", "20260302", DAY),
        ("payload.interbank_settlement_date", "2026-03-02T00:00:00Z", DAY),
        ("payload.charge_bearer", "OURS", "must be 'CRED', 'DEBT', 'SHAR' or 'SLEV'"),
        ("payload.debtor.name", "", "must be 1 to 140 characters"),
        ("payload.debtor.country", "Kenya", "must be a country code, such as KE"),
        (IBAN, "DE88370400440532013000", "the check digits of the IBAN are wrong"),
        (IBAN, "DE89370400440532013001", "the check digits of the IBAN are wrong"),
        (IBAN, "DE89 3704 0044 0532 0130 00", "must be an IBAN in capitals without blanks"),
        (IBAN, "de89370400440532013000", "must be an IBAN in capitals without blanks"),
        (IBAN, "DE89\n", "must be an IBAN in capitals without blanks"),
        ("payload.debtor_account", {}, "must have either iban or other"),
        ("payload.debtor_account.other", "1", None),
        ("payload.debtor_agent.bicfi", "MOWEDEX", BIC),
        ("payload.debtor_agent.bicfi", "MOWEDEX0X", BIC),
        ("payload.debtor_agent.bicfi", "MOWE12X0", BIC),
        ("payload.debtor_agent.bicfi", "mowedex0", BIC),
        ("payload.creditor_agent", ABSENT, "is missing"),
        ("payload.creditor", ABSENT, "is missing"),
        ("payload.creditor_account", None, "must be a JSON object"),
        ("payload.purpose_code", "SAL", "must be 4 capital letters, such as SALA"),
        ("payload.purpose_code", "sala", "must be 4 capital letters, such as SALA"),
        ("payload.remittance_information", "r" * 141, "must be 1 to 140 characters"),
    ],
)
def test_a_broken_rule_is_named_with_its_field(
    read: Read, where: str, value: object, rule: str | None
) -> None:
    reason = problem(read(changed(where, value)))
    if rule is None:
        assert reason == "payload.debtor_account: must have either iban or other"
        return
    shown = "'a\\nb'" if where == "a\nb" else where
    assert reason.startswith(f"{shown}: {rule}")
    assert "pydantic" not in reason
    assert "Input" not in reason


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("correlation_id", None),
        ("payload.purpose_code", ABSENT),
        ("payload.purpose_code", None),
        ("payload.remittance_information", ABSENT),
        ("payload.payment_identification.end_to_end_id", "é" * 35),
        ("payload.payment_identification.uetr", str(UUID(int=1, version=4))),
        ("payload.group_header.creation_date_time", "2026-03-02T09:30:00.123+03:00"),
        (AMOUNT, "0.01"),
        (AMOUNT, "1250"),
        (AMOUNT, "9999999999999.99"),
        (IBAN, "GB29NWBK60161331926819"),
        (IBAN, "MT84MALT011000012345MTLCAST001S"),
        # rules that the SQL functions hold
        ("participant_id", ""),
        ("instruction_id", "i\a"),
        ("idempotency_key", "k" * 201),
    ],
)
def test_what_is_allowed(read: Read, where: str, value: object) -> None:
    accepted(read(changed(where, value)))


@pytest.mark.parametrize(
    ("currency", "amount", "decimals"),
    [("JPY", "100.5", 0), ("EUR", "1.234", 2), ("KWD", "1.2345", 3)],
)
def test_decimals_are_the_currencys(read: Read, currency: str, amount: str, decimals: int) -> None:
    where = AMOUNT.rpartition(".")[0]
    assert problem(read(changed(where, {"currency": currency, "amount": amount}))) == (
        f"{AMOUNT}: must have at most {decimals} decimals, as {currency} has"
    )
    shorter = amount[:-1].rstrip(".")
    line = accepted(read(changed(where, {"currency": currency, "amount": shorter})))
    assert line.amount == shorter


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "the line is not JSON: expecting property name enclosed in double quotes, charac"),
        (b"{} {}", "the line is not JSON: extra data, character 4"),
        (b'{"a": NaN}', "the line is not JSON: NaN is no number of JSON"),
        (b'{"a": -Infinity}', "the line is not JSON: -Infinity is no number of JSON"),
        (b'{"a": "\t"}', "the line is not JSON: invalid control character at, character 8"),
        (b"[1]", "the line must be a JSON object"),
        (b"7", "the line must be a JSON object"),
        (b"null", "the line must be a JSON object"),
        (b'{"a": {"b": 1, "b": 1}}', "the key b occurs twice in one object"),
        (b'{"a\\u0000": 1}', "the key 'a\\x00' must not contain a NUL character or half of"),
        (b'{"\\ud800": 1}', "the key '\\ud800' must not contain a NUL character or half of"),
        (b'{"n": "M\xfcller"}', "the line is not UTF-8 at byte 9"),
        (b"[" * 100_000, "the line is nested too deeply"),
        (changed("payload.x", "\x00"), "payload: must not contain a NUL character or half of a"),
        (changed("payload.x", ["\udc00"]), "payload: must not contain a NUL character or half of"),
        (encoded({"tenant": None}), "tenant: must be a JSON object"),
        (encoded(TENANT | {"x": 1}), "x: is not a known field"),
        (
            encoded({"tenant": TENANT["tenant"] | {"tenant_type": "BANK"}}),
            "tenant.tenant_type: must be 'NGO', 'COOPERATIVE', 'GOVERNMENT' or 'COMMERCIAL'",
        ),
        (
            encoded({"tenant": TENANT["tenant"] | {"tenant_name": 5}}),
            "tenant.tenant_name: must be text in quotes, not a number",
        ),
    ],
    ids=lambda value: None if isinstance(value, str) else f"{len(value)} bytes",
)
def test_a_line_is_refused_as_a_whole(read: Read, content: bytes, reason: str) -> None:
    assert problem(read(content)).startswith(reason)


def test_several_problems_of_a_line_are_told_together(read: Read) -> None:
    document = copy.deepcopy(INSTRUCTION)
    document["payload"]["interbank_settlement_amount"]["amount"] = "-1"
    del document["rail_type"]
    assert problem(read(encoded(document))) == (
        f"rail_type: is missing; {AMOUNT}: must be greater than 0"
    )


def test_a_long_list_of_problems_and_long_names_are_cut(read: Read) -> None:
    reason = problem(read(encoded({f"{number:0100}": 1 for number in range(10_000)})))
    assert reason.endswith("; and 9998 more")
    assert len(reason) < 1_000


def test_a_bad_line_does_not_stop_the_rest(read: Read) -> None:
    good = encoded(INSTRUCTION)
    lines = read(b"\n".join([good, b"\xff", b"", b" \t\r", b"{", good + b"\r", b""]))
    assert [(line.line, type(line)) for line in lines] == [
        (1, InstructionLine),
        (2, LineProblem),
        (5, LineProblem),
        (6, InstructionLine),
    ]


def test_a_byte_order_mark_is_passed_over_at_the_start_only(read: Read) -> None:
    good = b"\xef\xbb\xbf" + encoded(INSTRUCTION)
    assert [type(line) for line in read(good + b"\n" + good)] == [InstructionLine, LineProblem]


def test_an_empty_file_has_no_lines(read: Read) -> None:
    assert read(b"") == read(b"\xef\xbb\xbf\n\n") == []


def test_a_long_line_is_a_problem_and_is_never_held_whole(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b" " * LINE_BYTES_MAX
    assert read(content) == read(content + b"\n") == []
    reason = f"the line is longer than {LINE_BYTES_MAX} bytes"
    good = encoded(INSTRUCTION)
    lines = read(good + b"\n" + content + b" \n" + good + b"\n" + content * 3)
    assert [type(line) for line in lines] == [InstructionLine, LineProblem] * 2
    assert lines[1::2] == [LineProblem(2, reason), LineProblem(4, reason)]
    monkeypatch.setattr(instructions, "LINE_BYTES_MAX", 10)
    assert read(b"          \nxxxxxxxxxxx\n") == [
        LineProblem(2, "the line is longer than 10 bytes")
    ]


@pytest.mark.parametrize("name", ["input.ndjson.gz", "INPUT.GZ"])
def test_gzip_is_known_by_its_suffix(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(encoded(INSTRUCTION) + b"\n" + encoded(TENANT)))
    assert [type(line) for line in read_lines(path)] == [InstructionLine, TenantLine]


def test_lines_are_read_as_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "input.ndjson"
    path.write_bytes(encoded(INSTRUCTION) + b"\n")
    lines = read_lines(path)
    next(lines)
    with path.open("ab") as file:
        file.write(encoded(TENANT))
    assert isinstance(next(lines), TenantLine)


def test_a_path_that_cannot_be_read_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = tmp_path / "absent.ndjson"
    with pytest.raises(ConfigurationError, match=r"absent\.ndjson: cannot be read: No such file"):
        read_lines(absent)
    with pytest.raises(ConfigurationError, match="is a directory, not a file"):
        read_lines(tmp_path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_lines(Path("a\0b"))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_lines(tmp_path / ("x" * 5_000))
    absent.touch()
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(ConfigurationError, match="permission to read is missing"):
        read_lines(absent)


@pytest.mark.parametrize(
    "content",
    [
        encoded(INSTRUCTION),
        gzip.compress(encoded(INSTRUCTION))[:-9],
        gzip.compress(encoded(INSTRUCTION))[:12] + b"\xff" * 50,
    ],
    ids=["no gzip", "cut short", "damaged"],
)
def test_damaged_gzip_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "input.gz"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"^instructions .*input\.gz: cannot be read: .+$"):
        list(read_lines(path))
