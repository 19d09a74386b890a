"""Evidence: what a verifier found out, as one JSON file that anybody can read and check.

The checksum in a file finds an edit, not a forger, who would compute it anew: who made a file is
said by the commit that brought it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import rfc8785
from jsonschema import Draft202012Validator

import ledgerdb
from ledgerdb.errors import ConfigurationError, LedgerError

__all__ = [
    "EPOCH_VARIABLE",
    "SHA_VARIABLE",
    "Evidence",
    "InvalidEvidence",
    "Status",
    "checkout",
    "checksum",
    "git",
    "git_sha",
    "has_uncommitted_changes",
    "published",
    "read",
    "timestamp_utc",
    "validate",
]

SHA_VARIABLE: Final = "LEDGERDB_GIT_SHA"
EPOCH_VARIABLE: Final = "SOURCE_DATE_EPOCH"
_SCHEMA: Final = "evidence.schema.json"
_CHECKSUM: Final = "checksum"
_GIT_SECONDS_MAX: Final = 10


class InvalidEvidence(LedgerError):
    """An artefact breaks `evidence.schema.json`, or was edited; the message has every violation."""


class Status(StrEnum):
    """What the check came to."""

    PASS = "PASS"  # noqa: S105 - of a check
    FAIL = "FAIL"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One artefact.

    Attributes:
        check_id: the verifier.
        timestamp_utc: see `timestamp_utc`.
        git_sha: see `git_sha`.
        schema_fingerprint: of the database that was looked at.
        details: what was seen; JSON values only.
    """

    check_id: str
    timestamp_utc: str
    git_sha: str
    status: Status
    schema_fingerprint: str
    details: Mapping[str, Any]

    def text(self) -> str:
        """The form of a file: sorted keys, two spaces, the checksum, a line feed at the end.

        Raises:
            InvalidEvidence: it breaks the schema, or has a value that JSON has not.
        """
        content = asdict(self)
        content[_CHECKSUM] = checksum(content)
        validate(content)
        return _rendered(content)

    def write(self, path: Path) -> None:
        """Replaces the file in one step: a reader sees the old artefact or the new one.

        Raises:
            InvalidEvidence: it breaks the schema; the file is as it was.
            OSError: it cannot be written.
        """
        text = self.text()
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            draft.write_text(text, "utf-8", newline="\n")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def checksum(content: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON (RFC 8785) of everything but the checksum: 64 hex digits.

    Raises:
        InvalidEvidence: a value has no canonical form: not a number, an integer beyond 2^53.
    """
    rest = {name: value for name, value in content.items() if name != _CHECKSUM}
    try:
        return hashlib.sha256(rfc8785.dumps(rest)).hexdigest()
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise InvalidEvidence(f"not valid evidence: no canonical JSON: {error}") from error


def validate(content: object) -> None:
    """Checks a parsed artefact against the schema, then against its own checksum.

    Raises:
        InvalidEvidence: with each violation and where it is.
    """
    wrong = sorted(
        f"{error.json_path}: {error.message}" for error in _validator().iter_errors(content)
    )
    if wrong or not isinstance(content, dict):
        raise InvalidEvidence("not valid evidence: " + "; ".join(wrong))
    try:
        datetime.fromisoformat(content["timestamp_utc"])
    except ValueError as error:
        raise InvalidEvidence(f"not valid evidence: $.timestamp_utc: {error}") from None
    found = checksum(content)
    if content[_CHECKSUM] != found:
        raise InvalidEvidence(
            f"edited after it was made: its checksum is {content[_CHECKSUM]}, and its content has"
            f" {found}; make it again with its verifier"
        )


def read(path: Path) -> Evidence:
    """An artefact from its file, which must be as `Evidence.write` leaves it, to the byte.

    Raises:
        InvalidEvidence: it is no JSON, breaks the schema, or was edited.
        OSError: it cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidEvidence(f"not valid evidence: no JSON: {error}") from error
    validate(content)
    if text != _rendered(content):
        raise InvalidEvidence(
            "edited after it was made: the file is not laid out as its verifier writes it"
        )
    del content[_CHECKSUM]
    return Evidence(**content | {"status": Status(content["status"])})


def _rendered(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, indent=2, allow_nan=False) + "\n"


def timestamp_utc() -> str:
    """Now, to the second; SOURCE_DATE_EPOCH instead, so that a run can be repeated to the byte.

    Raises:
        ConfigurationError: the variable is not a number of seconds since 1970.
    """
    text = os.environ.get(EPOCH_VARIABLE, "").strip()
    try:
        moment = datetime.fromtimestamp(int(text), UTC) if text else datetime.now(UTC)
    except (ValueError, OverflowError, OSError):
        raise ConfigurationError(
            f"{EPOCH_VARIABLE} must be seconds since 1970, not {text!r}"
        ) from None
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def checkout() -> Path | None:
    """The root of the checkout that this code runs from; None in an installed package."""
    root = Path(ledgerdb.__file__).resolve().parent.parent
    return root if (root / "evidence" / _SCHEMA).is_file() else None


def git_sha() -> str:
    """The commit of the checkout; without one, what LEDGERDB_GIT_SHA says.

    Raises:
        ConfigurationError: neither is there.
    """
    if found := git("rev-parse", "--verify", "HEAD"):
        return found
    if found := os.environ.get(SHA_VARIABLE, "").strip():
        return found
    raise ConfigurationError(
        f"no git commit to name in the evidence: run in a checkout, or set {SHA_VARIABLE}"
    )


def has_uncommitted_changes() -> bool | None:
    """True where the checkout is not what its commit says, evidence aside; None without one."""
    changes = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!evidence")
    return None if changes is None else bool(changes)


def git(*arguments: str) -> str | None:
    """What git says about the checkout; None where there is none, or where it refuses."""
    root, git = checkout(), shutil.which("git")
    if root is None or git is None:
        return None
    asked = subprocess.run(  # noqa: S603 - fixed commands
        [git, "-C", str(root), *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=_GIT_SECONDS_MAX,
    )
    return asked.stdout.strip() if asked.returncode == 0 else None


@functools.cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(published(_SCHEMA).read_text("utf-8")))


def published(name: str) -> Path:
    """A file of `evidence/` that travels with the package: a schema, or the contract.

    Raises:
        ConfigurationError: it is not there.
    """
    package = Path(ledgerdb.__file__).resolve().parent
    for folder in (package / "evidence", package.parent / "evidence"):
        if (folder / name).is_file():
            return folder / name
    raise ConfigurationError(f"no {name} beside {package}: the installation is incomplete")
