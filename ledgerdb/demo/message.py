"""What a line of the demo's input must look like: pydantic models, and their errors in words.

The payload is modelled on ISO 20022 pacs.008, the customer credit transfer:

    group_header                 GrpHdr: MsgId, CreDtTm, SttlmInf/SttlmMtd
    payment_identification       CdtTrfTxInf/PmtId: InstrId, EndToEndId, TxId, UETR
    interbank_settlement_amount  CdtTrfTxInf/IntrBkSttlmAmt and its attribute Ccy
    interbank_settlement_date    CdtTrfTxInf/IntrBkSttlmDt
    charge_bearer                CdtTrfTxInf/ChrgBr
    debtor, creditor             Dbtr, Cdtr: Nm, PstlAdr/Ctry
    debtor_account, ...          DbtrAcct, CdtrAcct: Id/IBAN, or Id/Othr/Id where there are no IBANs
    debtor_agent, ...            DbtrAgt, CdtrAgt: FinInstnId/BICFI
    purpose_code                 Purp/Cd
    remittance_information       RmtInf/Ustrd

Rules that the SQL functions hold (identifiers, tenants, keys, sizes) are not repeated here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final, Literal, TypeAlias
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from ledgerdb.rows import TenantType

__all__ = [
    "CURRENCY_DECIMALS",
    "UNSENDABLE",
    "UNSENDABLE_RULE",
    "InstructionDocument",
    "Number",
    "TenantDocument",
    "reason",
    "shown",
]

PROBLEMS_SHOWN_MAX: Final = 8
NAME_CHARS_SHOWN_MAX: Final = 60

# What JSON can express and no text of PostgreSQL can hold.
UNSENDABLE: Final = re.compile("[\x00\ud800-\udfff]")
UNSENDABLE_RULE: Final = "must not contain a NUL character or half of a surrogate pair"

# ISO 4217: digits after the decimal point.
CURRENCY_DECIMALS: Final = {
    **dict.fromkeys(("JPY", "KRW", "RWF", "UGX", "VND", "XAF", "XOF"), 0),
    **dict.fromkeys(("AED", "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP"), 2),
    **dict.fromkeys(("GHS", "HKD", "HUF", "INR", "KES", "MXN", "NGN", "NOK", "NZD", "PLN"), 2),
    **dict.fromkeys(("RON", "SEK", "SGD", "TZS", "USD", "ZAR", "ZMW"), 2),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3),
}

_AMOUNT: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,12})(?:\.[0-9]{1,5})?")
_BIC: Final = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_CODE: Final = re.compile(r"[A-Z]{4}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")

# pydantic's types of errors, in words for the person who wrote the line.
_WORDS: Final = {
    "enum": "must be {expected}",
    "extra_forbidden": "is not a known field",
    "literal_error": "must be {expected}",
    "missing": "is missing",
    "model_type": "must be a JSON object",
    "string_type": "must be text",
    "string_unicode": UNSENDABLE_RULE,
    "uuid_parsing": "must be a UUID",
    "uuid_type": "must be a UUID",
}


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it is written."""

    text: str


def shown(name: object) -> str:
    """A name from the input, safe to print and not too long."""
    text = str(name)
    text = text if text.isprintable() else ascii(text)
    return text if len(text) <= NAME_CHARS_SHOWN_MAX else f"{text[:NAME_CHARS_SHOWN_MAX]}..."


def reason(error: ValidationError) -> str:
    """The problems of one line in words, each with its field."""
    problems = [_words(problem) for problem in error.errors(include_url=False)]
    more = len(problems) - PROBLEMS_SHOWN_MAX
    if more > 0:
        problems[PROBLEMS_SHOWN_MAX:] = [f"and {more} more"]
    return "; ".join(problems)


def _words(problem: ErrorDetails) -> str:
    words = _WORDS.get(problem["type"], problem["msg"])
    if problem["type"] == "string_type" and isinstance(problem["input"], Number):
        words = "must be text in quotes, not a number"
    words = words.format_map(problem.get("ctx", {})) if "{" in words else words
    return f"{'.'.join(map(shown, problem['loc']))}: {words}"


def _rule(words: str, holds: Callable[[str], object]) -> AfterValidator:
    def check(value: str) -> str:
        if not holds(value):
            raise PydanticCustomError("rule", "{words}", {"words": words})
        return value

    return AfterValidator(check)


def _up_to(characters: int) -> AfterValidator:
    return _rule(f"must be 1 to {characters} characters", lambda text: 1 <= len(text) <= characters)


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def _is_moment(text: str) -> bool:
    try:
        if not _is_date(text[:10]) or text[10:11] != "T":
            return False
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _iban_adds_up(iban: str) -> bool:
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1


_Sendable: TypeAlias = Annotated[
    str, _rule(UNSENDABLE_RULE, lambda text: not UNSENDABLE.search(text))
]
_Max34: TypeAlias = Annotated[str, _up_to(34)]
_Max35: TypeAlias = Annotated[str, _up_to(35)]
_Max140: TypeAlias = Annotated[str, _up_to(140)]
_Moment: TypeAlias = Annotated[
    str, _rule("must be a time with offset, such as 2026-03-02T09:30:00+00:00", _is_moment)
]
_Date: TypeAlias = Annotated[str, _rule("must be a date, such as 2026-03-02", _is_date)]
_Country: TypeAlias = Annotated[
    str, _rule("must be a country code, such as KE", _COUNTRY.fullmatch)
]
_Currency: TypeAlias = Annotated[
    str, _rule("is not a known currency of ISO 4217", CURRENCY_DECIMALS.__contains__)
]
_Bic: TypeAlias = Annotated[
    str, _rule("must be a BIC of 8 or 11 characters, such as ABCDDEF0", _BIC.fullmatch)
]
_Iban: TypeAlias = Annotated[
    str,
    _rule("must be an IBAN in capitals without blanks", _IBAN.fullmatch),
    _rule("the check digits of the IBAN are wrong", _iban_adds_up),
]
_PurposeCode: TypeAlias = Annotated[
    str, _rule("must be 4 capital letters, such as SALA", _CODE.fullmatch)
]


class _Part(BaseModel):
    """A part of the payload. Real messages carry more: the text that is kept has every field."""

    model_config = ConfigDict(extra="ignore")


class _GroupHeader(_Part):
    message_id: _Max35
    creation_date_time: _Moment
    settlement_method: Literal["CLRG", "COVE", "INDA", "INGA"]


class _PaymentIdentification(_Part):
    instruction_id: _Max35 | None = None
    end_to_end_id: _Max35
    tx_id: _Max35 | None = None
    uetr: UUID | None = None


class _Money(_Part):
    currency: _Currency
    amount: Annotated[
        str, _rule('must be a plain decimal number, such as "1250.00"', _AMOUNT.fullmatch)
    ]

    @field_validator("amount")
    @classmethod
    def _positive_and_exact(cls, amount: str, info: ValidationInfo) -> str:
        if Decimal(amount) <= 0:
            raise PydanticCustomError("rule", "must be greater than 0")
        currency = info.data.get("currency")
        decimals = len(amount.partition(".")[2])
        if currency and decimals > CURRENCY_DECIMALS[currency]:
            raise PydanticCustomError(
                "rule",
                "must have at most {decimals} decimals, as {currency} has",
                {"decimals": CURRENCY_DECIMALS[currency], "currency": currency},
            )
        return amount


class _Party(_Part):
    name: _Max140
    country: _Country


class _Account(_Part):
    iban: _Iban | None = None
    other: _Max34 | None = None

    @model_validator(mode="after")
    def _one_number(self) -> _Account:
        if (self.iban is None) == (self.other is None):
            raise PydanticCustomError("rule", "must have either iban or other")
        return self


class _Agent(_Part):
    bicfi: _Bic


class _Payload(_Part):
    group_header: _GroupHeader
    payment_identification: _PaymentIdentification
    interbank_settlement_amount: _Money
    interbank_settlement_date: _Date
    charge_bearer: Literal["CRED", "DEBT", "SHAR", "SLEV"]
    debtor: _Party
    debtor_account: _Account
    debtor_agent: _Agent
    creditor_agent: _Agent
    creditor: _Party
    creditor_account: _Account
    purpose_code: _PurposeCode | None = None
    remittance_information: _Max140 | None = None


class _Document(BaseModel):
    """The envelope is ours: a field that is not known is a typing error."""

    model_config = ConfigDict(extra="forbid")


class _Tenant(_Document):
    tenant_id: UUID
    tenant_key: _Sendable
    tenant_name: _Sendable
    tenant_type: TenantType


class TenantDocument(_Document):
    tenant: _Tenant


class InstructionDocument(_Document):
    tenant_id: UUID
    instruction_id: _Sendable
    participant_id: _Sendable
    idempotency_key: _Sendable
    rail_type: _Sendable
    correlation_id: UUID | None = None
    payload: _Payload
