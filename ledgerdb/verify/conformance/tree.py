"""The regulated files of a checkout as they are: path -> SHA-256, and what is no plain file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

__all__ = ["Tree", "differences", "digest_of", "measure", "sha256_of"]

_WHOLE: Final = ("migrations", "sqlfunctions")
_CONTRACT: Final = ("contract.yml", "change-control.toml", "allowed_signers", "*.schema.json")
_PLAIN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/")


@dataclass(frozen=True, slots=True)
class Tree:
    """What was measured.

    Attributes:
        files: path -> SHA-256 of the bytes.
        unix: the same with LF for CRLF: what tells a difference of line ends from another.
        findings: what the surface may not have.
    """

    files: Mapping[str, str]
    unix: Mapping[str, str]
    findings: tuple[str, ...]

    @property
    def digest(self) -> str:
        return digest_of(self.files)


def digest_of(files: Mapping[str, str]) -> str:
    """SHA-256 over the canonical JSON of a surface, whose texts are all ASCII."""
    content = {"files": dict(files), "format": "ledgerdb-surface-1"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def sha256_of(content: bytes) -> str:
    """64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def measure(root: Path) -> Tree:
    """Reads every regulated file.

    Raises:
        OSError: a file cannot be read.
    """
    files: dict[str, str] = {}
    unix: dict[str, str] = {}
    findings: list[str] = []
    for path in _regulated(root):
        name = path.relative_to(root).as_posix()
        if not _PLAIN.issuperset(name):
            findings.append(f"{name!r}: a name that not every checkout keeps")
        elif path.is_symlink():
            findings.append(f"{name}: a symbolic link, which is not the bytes that it leads to")
        elif not path.is_file():
            findings.append(f"{name}: no regular file")
        elif os.name == "posix" and path.stat().st_mode & 0o111:
            findings.append(f"{name}: executable")
        else:
            content = path.read_bytes()
            files[name] = sha256_of(content)
            unix[name] = sha256_of(content.replace(b"\r\n", b"\n"))
    return Tree(files, unix, tuple(findings))


def differences(approved: Mapping[str, str], found: Tree) -> Iterator[str]:
    """One line for each file that is not as approved."""
    for path in sorted(approved.keys() | found.files.keys()):
        before, now = approved.get(path), found.files.get(path)
        if before is None:
            yield f"{path}: added after the approval"
        elif now is None:
            yield f"{path}: approved, and gone"
        elif before != now:
            ends = found.unix[path] == before
            yield f"{path}: {'only its line ends' if ends else 'changed'} after the approval"


def _regulated(root: Path) -> Iterator[Path]:
    for name in _WHOLE:
        if os.path.lexists(root / name):
            yield from _leaves(root / name)
    evidence = root / "evidence"
    if evidence.is_symlink():
        yield evidence
    elif evidence.is_dir():
        for path in sorted(evidence.iterdir()):
            if any(fnmatchcase(path.name, pattern) for pattern in _CONTRACT):
                yield path


def _leaves(path: Path) -> Iterator[Path]:
    if path.is_symlink() or not path.is_dir():
        yield path
    elif path.name != "__pycache__":
        for inner in sorted(path.iterdir()):
            yield from _leaves(inner)
