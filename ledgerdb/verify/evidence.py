"""Evidence: what a verifier found out, as one JSON file that anybody can read and check."""

from __future__ import annotations

import functools
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
    "git_sha",
    "has_uncommitted_changes",
    "timestamp_utc",
    "validate",
]

SHA_VARIABLE: Final = "LEDGERDB_GIT_SHA"
EPOCH_VARIABLE: Final = "SOURCE_DATE_EPOCH"
_SCHEMA: Final = "evidence.schema.json"
_GIT_SECONDS_MAX: Final = 10


class InvalidEvidence(LedgerError):
    """An artefact is not what `evidence.schema.json` says; the message has every violation."""


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
        """The canonical form: sorted keys, two spaces, a line feed at the end.

        Raises:
            InvalidEvidence: it breaks the schema.
        """
        content = asdict(self)
        validate(content)
        return json.dumps(content, sort_keys=True, indent=2, allow_nan=False) + "\n"

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


def validate(content: object) -> None:
    """Checks a parsed artefact against the schema.

    Raises:
        InvalidEvidence: with each violation and where it is.
    """
    wrong = sorted(
        f"{error.json_path}: {error.message}" for error in _validator().iter_errors(content)
    )
    if wrong:
        raise InvalidEvidence("not valid evidence: " + "; ".join(wrong))


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
    if found := _git("rev-parse", "--verify", "HEAD"):
        return found
    if found := os.environ.get(SHA_VARIABLE, "").strip():
        return found
    raise ConfigurationError(
        f"no git commit to name in the evidence: run in a checkout, or set {SHA_VARIABLE}"
    )


def has_uncommitted_changes() -> bool | None:
    """True where the checkout is not what its commit says, evidence aside; None without one."""
    changes = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!evidence")
    return None if changes is None else bool(changes)


def _git(*arguments: str) -> str | None:
    """What git says about the checkout; None where there is none."""
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
    package = Path(ledgerdb.__file__).resolve().parent
    for folder in (package / "evidence", package.parent / "evidence"):
        if (folder / _SCHEMA).is_file():
            return Draft202012Validator(json.loads((folder / _SCHEMA).read_text("utf-8")))
    raise ConfigurationError(f"no {_SCHEMA} beside {package}: the installation is incomplete")
