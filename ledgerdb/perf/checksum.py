"""The checksum of a document: what two parties must have alike."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785

__all__ = ["checksum"]


def checksum(document: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON (RFC 8785) of everything but `checksum`: 64 hex digits.

    Raises:
        rfc8785.CanonicalizationError: a value has no canonical form.
    """
    return hashlib.sha256(
        rfc8785.dumps({name: value for name, value in document.items() if name != "checksum"})
    ).hexdigest()
