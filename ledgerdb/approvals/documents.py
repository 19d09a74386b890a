"""The JSON and TOML of change control: checked against its schema, written in one form."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import rfc8785
from jsonschema import Draft202012Validator

from ledgerdb.errors import LedgerError

__all__ = ["ApprovalRefused", "canonical_sha256", "read_json", "read_toml", "require", "text_of"]


class ApprovalRefused(LedgerError):
    """Nothing was approved; the message says what stands in the way, and what to do."""


def text_of(content: Mapping[str, Any]) -> str:
    """The one form of a record: sorted keys, two spaces, a line feed at the end."""
    return json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def canonical_sha256(content: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON (RFC 8785): 64 hex digits."""
    return hashlib.sha256(rfc8785.dumps(dict(content))).hexdigest()


def read_json(root: Path, path: Path, schema: str) -> dict[str, Any]:
    """A record of the checkout `root`, checked against a schema of its evidence/.

    Raises:
        ApprovalRefused: missing, no JSON, against its schema, or in another form than `text_of`.
    """
    label = path.relative_to(root).as_posix()
    text = _read(path, label)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ApprovalRefused(f"{label} is no JSON: {error}") from error
    require(root, content, schema, label)
    if text_of(content) != text:
        raise ApprovalRefused(f"{label} was edited: it is not as `ledgerdb approve` writes it")
    found: dict[str, Any] = content
    return found


def read_toml(root: Path, path: Path, schema: str) -> dict[str, Any]:
    """Like `read_json`, for TOML in any form."""
    label = path.relative_to(root).as_posix()
    try:
        content = tomllib.loads(_read(path, label))
    except tomllib.TOMLDecodeError as error:
        raise ApprovalRefused(f"{label} is no TOML: {error}") from error
    require(root, content, schema, label)
    return content


def require(root: Path, content: object, schema: str, label: str) -> None:
    """Checks parsed content against `evidence/SCHEMA` of the checkout.

    Raises:
        ApprovalRefused: with each violation and where it is.
    """
    source = f"evidence/{schema}"
    try:
        validator = Draft202012Validator(json.loads(_read(root / source, source)))
    except (ValueError, RecursionError) as error:
        raise ApprovalRefused(f"{source} is no JSON: {error}") from error
    wrong = sorted(
        f"{error.json_path}: {error.message}" for error in validator.iter_errors(content)
    )
    if wrong:
        raise ApprovalRefused(f"{label} is not as {source} says: " + "; ".join(wrong))


def _read(path: Path, label: str) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ApprovalRefused(f"{label} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ApprovalRefused(f"{label} is not UTF-8 at byte {error.start}") from error
