"""The regulated surface: which files need approval, and what their bytes amount to."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ledgerdb.approvals.documents import ApprovalRefused, canonical_sha256

__all__ = ["FOLDERS", "PATHSPECS", "Changes", "Surface", "changes_between", "read_surface"]

# Every file below these is regulated, generated ones too: reviewers read them.
FOLDERS: Final = ("migrations", "sqlfunctions")
_EVIDENCE: Final = "evidence"
_CONTRACT: Final = re.compile(
    r"contract\.yml|change-control\.toml|allowed_signers|.*\.schema\.json"
)
# The same for git.
PATHSPECS: Final = (
    *(f"{folder}/" for folder in FOLDERS),
    "evidence/contract.yml",
    "evidence/change-control.toml",
    "evidence/allowed_signers",
    ":(glob)evidence/*.schema.json",
)
_FORMAT: Final = "ledgerdb-surface-1"
# What Python writes beside the revisions that it imports.
_CACHE: Final = "__pycache__"
_PATH: Final = re.compile(r"[A-Za-z0-9_./-]+")
_EXECUTABLE: Final = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


@dataclass(frozen=True, slots=True)
class Changes:
    """From one surface to another: path -> SHA-256; of `changed`, before and after."""

    added: Mapping[str, str]
    changed: Mapping[str, tuple[str, str]]
    removed: Mapping[str, str]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(sorted([*self.added, *self.changed, *self.removed]))

    def as_dict(self) -> dict[str, Any]:
        """As it stands in a record."""
        return {
            "added": dict(self.added),
            "changed": {
                path: {"before": before, "after": after}
                for path, (before, after) in self.changed.items()
            },
            "removed": dict(self.removed),
        }


@dataclass(frozen=True, slots=True)
class Surface:
    """Path -> SHA-256 of the bytes of each regulated file."""

    files: Mapping[str, str]

    @property
    def digest(self) -> str:
        """One number for all of them: 64 hex digits."""
        return canonical_sha256({"format": _FORMAT, "files": dict(self.files)})

    def after(self, changes: Mapping[str, Any]) -> Surface:
        """The surface after changes as a record has them.

        Raises:
            ApprovalRefused: they do not follow from this one.
        """
        files = dict(self.files)
        added, changed, removed = (changes[kind] for kind in ("added", "changed", "removed"))
        before = dict(removed) | {path: change["before"] for path, change in changed.items()}
        if (
            any(files.get(path) != sha256 for path, sha256 in before.items())
            or added.keys() & files
        ):
            raise ApprovalRefused("the changes do not follow from the surface before them")
        for path in removed:
            del files[path]
        return Surface(files | added | {path: change["after"] for path, change in changed.items()})


def changes_between(before: Surface, after: Surface) -> Changes:
    """What leads from one to the other."""
    old, new = before.files, after.files
    return Changes(
        added={path: new[path] for path in sorted(new.keys() - old.keys())},
        changed={
            path: (old[path], new[path])
            for path in sorted(old.keys() & new.keys())
            if old[path] != new[path]
        },
        removed={path: old[path] for path in sorted(old.keys() - new.keys())},
    )


def read_surface(root: Path) -> Surface:
    """The surface of a checkout, from the bytes in its working tree.

    Raises:
        ApprovalRefused: with each file that is more or less than its bytes: a link, an executable,
            a device, a name that not every file system keeps.
        OSError: a file cannot be read.
    """
    files: dict[str, str] = {}
    faults: list[str] = []
    for entry in sorted(_regulated(root), key=lambda entry: entry.path):
        path = Path(entry.path).relative_to(root).as_posix()
        if not _PATH.fullmatch(path):
            faults.append(f"{path!r}: a name outside of A-Z a-z 0-9 . _ -")
        elif fault := _fault(entry):
            faults.append(f"{path}: {fault}")
        else:
            files[path] = hashlib.sha256(Path(entry.path).read_bytes()).hexdigest()
    if faults:
        raise ApprovalRefused("the regulated surface is not plain files: " + "; ".join(faults))
    return Surface(files)


def _regulated(root: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(root) as top:
        for entry in top:
            if entry.name in FOLDERS:
                yield from _below(entry)
            elif entry.name == _EVIDENCE and entry.is_dir(follow_symlinks=False):
                with os.scandir(entry) as contract:
                    yield from (found for found in contract if _CONTRACT.fullmatch(found.name))
            elif entry.name == _EVIDENCE:
                yield entry


def _below(entry: os.DirEntry[str]) -> Iterator[os.DirEntry[str]]:
    """The entry itself where it is no folder; else what is in it, whatever it is."""
    if not entry.is_dir(follow_symlinks=False):
        yield entry
    elif entry.name != _CACHE:
        with os.scandir(entry) as entries:
            for inner in entries:
                yield from _below(inner)


def _fault(entry: os.DirEntry[str]) -> str | None:
    mode = entry.stat(follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        return "a symbolic link; the bytes that it leads to may change without it"
    if not stat.S_ISREG(mode):
        return "no regular file"
    if os.name == "posix" and mode & _EXECUTABLE:
        return "executable; nothing here is a program (chmod -x)"
    return None
