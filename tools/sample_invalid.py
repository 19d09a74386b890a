"""The lines of the demo's sample that must be refused: each kind makes a bad line of a good one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from uuid import UUID

__all__ = ["BY_THE_DATABASE", "BY_THE_READER", "INVALID", "REUSED_KEY"]

Kind: TypeAlias = Callable[[dict[str, Any]], str]

NOBODY: Final = UUID("00000000-0000-4000-8000-00000000dead")
_MONEY: Final = ("payload", "interbank_settlement_amount")


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _with(value: object, *path: str) -> Kind:
    def spoil(document: dict[str, Any]) -> str:
        part = document
        for name in path[:-1]:
            part = part[name]
        part[path[-1]] = value
        return _text(document)

    return spoil


def _without_creditor_agent(document: dict[str, Any]) -> str:
    del document["payload"]["creditor_agent"]
    return _text(document)


def _wrong_check_digits(document: dict[str, Any]) -> str:
    account = document["payload"]["creditor_account"]
    country, check, number = account["iban"][:2], int(account["iban"][2:4]), account["iban"][4:]
    account["iban"] = f"{country}{check % 90 + 5:02}{number}"
    return _text(document)


def _control_character(document: dict[str, Any]) -> str:
    document["instruction_id"] += "\a"
    return _text(document)


REUSED_KEY: Final = "an earlier line with another amount"

BY_THE_READER: Final[Mapping[str, Kind]] = {
    "JSON cut short": lambda document: _text(document)[:-40],
    "no creditor agent": _without_creditor_agent,
    "negative amount": _with("-125.00", *_MONEY, "amount"),
    "too many decimals": _with("125.005", *_MONEY, "amount"),
    "unknown currency": _with("EUX", *_MONEY, "currency"),
    "wrong check digits of an IBAN": _wrong_check_digits,
    "a key twice": lambda document: _text(document).replace(
        '"amount":', '"amount":"1.00","amount":'
    ),
    "payload no object": _with("pacs.008", "payload"),
}
# The first two need the rows that are there; the others break a rule that only SQL functions hold.
BY_THE_DATABASE: Final[Mapping[str, Kind]] = {
    "unknown tenant": _with(str(NOBODY), "tenant_id"),
    REUSED_KEY: _with("77.77", *_MONEY, "amount"),
    "empty participant": _with("", "participant_id"),
    "control character in an identifier": _control_character,
}
INVALID: Final[Mapping[str, Kind]] = {**BY_THE_READER, **BY_THE_DATABASE}
