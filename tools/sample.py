"""`make sample`: writes ledgerdb/demo/instructions.ndjson, the input that `ledgerdb demo` ships.

12,166 lines: 4 tenants, 12,000 instructions of 24 participants, 150 exact replays of an earlier
line, and 12 lines that must be refused, each for another reason: 8 by the reader, 4 by the
database. Everything follows from the seed; `--check` fails when the file is not what it makes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

from ledgerdb.demo.message import CURRENCY_DECIMALS
from tools.sample_invalid import INVALID, REUSED_KEY
from tools.sample_names import CORRIDORS, COUNTRIES, PARTICIPANTS, PURPOSES, TENANTS, Country

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "ledgerdb" / "demo" / "instructions.ndjson"
SEED: Final = 20022
INSTRUCTIONS: Final = 12_000
REPLAYS: Final = 150
# A replay follows its first line after so many others; clients in parallel keep that order.
DISTANCE_MIN: Final = 200
DISTANCE_MAX: Final = 2_000
PAYEES: Final = 60
FIRST_DAY: Final = date(2026, 1, 5)
BUSINESS_DAYS: Final = 120
UNITS_PER_EUR: Final = {"EUR": 1.0, "GBP": 0.86, "JPY": 165.0, "KES": 140.0, "USD": 1.1, "ZMW": 26}

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the file; `kind` is tenant, instruction, replay, or a key of `INVALID`."""

    kind: str
    text: str


class _Dice:
    """Random choices from `random()` alone, the one method that no version of Python changes."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random  # noqa: S311 - must be repeatable, not secret

    def below(self, limit: int) -> int:
        return int(self._random() * limit)

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def digits(self, form: str) -> str:
        return "".join(str(self.below(10)) if sign == "#" else sign for sign in form)

    def log_normal(self, median: float, sigma: float) -> float:
        # twelve uniform numbers add up to nearly a normal one
        return median * math.exp(sigma * (sum(self._random() for _ in range(12)) - 6))


def _uuid(what: str) -> str:
    return str(UUID(bytes=hashlib.sha256(f"{SEED}/{what}".encode()).digest()[:16], version=4))


def _text(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _account(dice: _Dice, country: Country, bic: str, *, person: bool) -> dict[str, str]:
    form = country.wallet if person and country.wallet else country.account
    number = dice.digits(form.replace("AAAA", bic[:4]))
    if not country.iban:
        return {"other": number}
    digits = "".join(str(int(sign, 36)) for sign in f"{number}{country.code}00")
    return {"iban": f"{country.code}{98 - int(digits) % 97:02}{number}"}


def _side(dice: _Dice, side: str, country: Country, name: str, *, person: bool) -> Document:
    """A party with its account and its bank."""
    bic = dice.one_of(country.banks)
    return {
        side: {"name": name, "country": country.code},
        f"{side}_account": _account(dice, country, bic, person=person),
        f"{side}_agent": {"bicfi": bic},
    }


def _payee(dice: _Dice, country: Country, *, person: bool) -> Document:
    if not person:
        return _side(dice, "creditor", country, dice.one_of(country.firms), person=False)
    names = [dice.one_of(country.given), dice.one_of(country.family)]
    name = " ".join(reversed(names) if country.code == "JP" else names)
    return _side(dice, "creditor", country, name, person=True)


class _Maker:
    """Makes the instructions of one file in order."""

    def __init__(self) -> None:
        self.dice = _Dice(SEED)
        days = (FIRST_DAY + timedelta(days=n) for n in range(BUSINESS_DAYS * 2))
        self._days = [day for day in days if day.weekday() < 5][: BUSINESS_DAYS + 1]  # noqa: PLR2004
        self._debtors = [
            _side(self.dice, "debtor", COUNTRIES[country], TENANTS[tenant][1], person=False)
            for _, tenant, country, *_ in PARTICIPANTS
        ]
        self._payees = {
            (code, person): [_payee(self.dice, country, person=person) for _ in range(PAYEES)]
            for code, country in COUNTRIES.items()
            for person in (True, False)
        }
        # volume falls with the rank, as the 0.9th power
        self._by_volume = [
            index
            for index in range(len(PARTICIPANTS))
            for _ in range(round(1_000 / (index + 1) ** 0.9))
        ]

    def instruction(self, number: int) -> Document:
        """The instruction of a number; to be asked for in order."""
        dice = self.dice
        index = dice.one_of(self._by_volume)
        participant, tenant, _, corridors, purposes = PARTICIPANTS[index]
        rail, currency, countries = CORRIDORS[dice.one_of(corridors.split())]
        purpose = dice.one_of(purposes.split())
        median, sigma, person, remittance = PURPOSES[purpose]
        in_euro = dice.log_normal(median, sigma)
        decimals = CURRENCY_DECIMALS[currency]
        amount = Decimal(in_euro * UNITS_PER_EUR[currency]).quantize(Decimal(1).scaleb(-decimals))
        payee = dice.one_of(self._payees[dice.one_of(countries.split()), person])
        step, second = divmod(number * BUSINESS_DAYS * 43_200 // INSTRUCTIONS, 43_200)
        day, next_day = self._days[step : step + 2]
        created = datetime(day.year, day.month, day.day, 6, tzinfo=UTC) + timedelta(seconds=second)
        prefix = TENANTS[tenant][0][:3].upper()
        document: Document = {
            "tenant_id": _uuid(TENANTS[tenant][0]),
            "instruction_id": f"{prefix}-{number:05}",
            "participant_id": participant,
            "idempotency_key": _uuid(f"key {number}")[-12:],
            "rail_type": rail,
        }
        if purpose == "AGRT":  # a harvest is paid out in runs
            document["correlation_id"] = _uuid(f"run {participant} {day}")
        identification = {"end_to_end_id": f"E{number:05}"}
        if rail == "SWIFT":
            identification["uetr"] = _uuid(f"uetr {number}")
        document["payload"] = {
            "group_header": {
                "message_id": f"{prefix}-{day:%y%m%d}",
                "creation_date_time": f"{created:%Y-%m-%dT%H:%M:%SZ}",
                "settlement_method": "INDA" if rail == "SWIFT" else "CLRG",
            },
            "payment_identification": identification,
            "interbank_settlement_amount": {"currency": currency, "amount": str(amount)},
            "interbank_settlement_date": f"{next_day if rail in ('ACH', 'BACS') else day}",
            "charge_bearer": "SHAR" if rail == "SWIFT" else "SLEV",
            **self._debtors[index],
            **payee,
            "purpose_code": purpose,
        }
        if remittance:
            document["payload"]["remittance_information"] = remittance.format(
                month=f"{day:%Y-%m}", number=1_000 + dice.below(9_000)
            )
        return document


def _bad_line(kind: str, earlier: Sequence[Document]) -> str:
    """A line of a kind that is refused, made from the last line that has all that can be wrong."""
    good: Document = next(
        json.loads(_text(document))
        for document in reversed(earlier[:-DISTANCE_MIN])
        if document["rail_type"] == "SEPA_INST"
    )
    if kind != REUSED_KEY:
        good["instruction_id"] += "-X"
        good["idempotency_key"] = _uuid(kind)[-12:]
    return INVALID[kind](good)


def entries() -> Iterator[Entry]:
    """The lines of the file in order."""
    for key, name, kind in TENANTS:
        tenant = {"tenant_id": _uuid(key), "tenant_key": key, "tenant_name": name}
        yield Entry("tenant", _text({"tenant": tenant | {"tenant_type": kind}}))
    maker = _Maker()
    documents = [maker.instruction(number) for number in range(INSTRUCTIONS)]
    texts = [_text(document) for document in documents]
    later: dict[int, list[Entry]] = {}
    for _ in range(REPLAYS):
        first = maker.dice.below(INSTRUCTIONS - DISTANCE_MAX)
        distance = DISTANCE_MIN + maker.dice.below(DISTANCE_MAX - DISTANCE_MIN)
        later.setdefault(first + distance, []).append(Entry("replay", texts[first]))
    for position, kind in enumerate(INVALID, start=1):
        at = position * INSTRUCTIONS // (len(INVALID) + 1)
        later.setdefault(at, []).append(Entry(kind, _bad_line(kind, documents[:at])))
    for number, text in enumerate(texts):
        yield Entry("instruction", text)
        yield from later.get(number, ())


def main(arguments: Sequence[str] | None = None, *, path: Path = SAMPLE) -> int:
    """Exit code: 0 written or equal, 1 the file differs."""
    parser = argparse.ArgumentParser(prog="python -m tools.sample", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it differs")
    options = parser.parse_args(arguments)
    made = [f"{entry.text}\n".encode() for entry in entries()]
    if not options.check:
        path.write_bytes(b"".join(made))
        print(f"wrote {path.name}")
        return 0
    written = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    if written == made:
        return 0
    pairs = enumerate(zip(written, made, strict=False), start=1)
    line = next((n for n, (old, new) in pairs if old != new), min(len(written), len(made)) + 1)
    print(f"{path.name}: line {line} is not what `make sample` writes")
    return 1


if __name__ == "__main__":
    sys.exit(main())
