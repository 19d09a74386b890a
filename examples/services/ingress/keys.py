"""Who may call: API keys, kept as SHA-256 digests, compared in constant time.

The file is a JSON list. A key has 256 random bits, so a plain digest of it cannot be guessed back.
To rotate, add the new key, send SIGHUP, move the clients over, remove the old one, send SIGHUP.

    python -m examples.services.ingress.keys acme 6f1c2a54-... BANK-A BANK-B
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from ledgerdb import ConfigurationError

__all__ = ["Key", "Keys", "new_key"]

_KEYS_MAX: Final = 1_000
_KEY_BYTES: Final = 32
_KEY_CHARS_MAX: Final = 200


class Key(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry of the file: what one key may act for.

    Attributes:
        name: of the key, for logs and limits; unique.
        sha256: of the key, 64 hex digits.
        tenant_id: whose instructions it may submit and read.
        participants: of that tenant.
        not_after: when it ends; None for never.
    """

    name: Annotated[str, Meta(pattern="^[A-Za-z0-9._-]{1,64}$")]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    tenant_id: UUID
    participants: Annotated[frozenset[str], Meta(min_length=1)]
    not_after: Annotated[datetime, Meta(tz=True)] | None = None


class Keys:
    """The keys of the file.

    Raises:
        ConfigurationError: the file cannot be read, or breaks a rule.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._keys: list[Key] = []
        self.reload()

    def reload(self) -> None:
        """Reads the file again; what was read before stays in force if that fails.

        Raises:
            ConfigurationError: the file cannot be read, or breaks a rule.
        """
        try:
            keys = msgspec.json.decode(self._file.read_bytes(), type=list[Key])
        except OSError as error:
            raise ConfigurationError(f"{self._file}: {error.strerror}") from None
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{self._file}: {error}") from None
        if not 1 <= len(keys) <= _KEYS_MAX:
            raise ConfigurationError(f"{self._file}: must have 1 to {_KEYS_MAX} keys")
        for field in ("name", "sha256"):
            if len({getattr(key, field) for key in keys}) < len(keys):
                raise ConfigurationError(f"{self._file}: two keys have the same {field}")
        self._keys = keys

    def find(self, presented: bytes) -> Key | None:
        """The entry of a key, or None. It takes as long, whichever entry matches."""
        digest = hashlib.sha256(presented[:_KEY_CHARS_MAX]).hexdigest()
        found = None
        for key in self._keys:
            if hmac.compare_digest(key.sha256, digest):
                found = key
        if found is None or (found.not_after and found.not_after <= datetime.now(UTC)):
            return None
        return found


def new_key(name: str, tenant_id: UUID, participants: list[str]) -> tuple[str, Key]:
    """A fresh key, to be handed over once, and its entry for the file."""
    key = secrets.token_urlsafe(_KEY_BYTES)
    digest = hashlib.sha256(key.encode()).hexdigest()
    return key, Key(
        name=name, sha256=digest, tenant_id=tenant_id, participants=frozenset(participants)
    )


def main() -> None:
    """Prints a new key, and its entry."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.services.ingress.keys", description="Makes an API key."
    )
    parser.add_argument("name", help="of the key, such as acme-2026")
    parser.add_argument("tenant_id", type=UUID)
    parser.add_argument("participants", nargs="+", metavar="participant_id")
    given = parser.parse_args()
    key, entry = new_key(given.name, given.tenant_id, given.participants)
    print(f"x-api-key: {key}")
    print(msgspec.json.encode(entry).decode())


if __name__ == "__main__":
    main()
