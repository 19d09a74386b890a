"""The chain of approvals, replayed from the first: what the surface was after each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ledgerdb.verify.conformance.documents import record
from ledgerdb.verify.conformance.tree import digest_of, sha256_of

__all__ = ["Link", "Links", "read_links"]

_FOLDER: Final = "evidence/approvals"
_NAME: Final = re.compile(r"[0-9]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Link:
    """One folder of approvals.

    Attributes:
        change: its `change.json`.
        files: name -> SHA-256 of each file in the folder.
        surface: path -> SHA-256, what was approved.
    """

    path: Path
    change: Mapping[str, Any]
    files: Mapping[str, str]
    surface: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.path.name


@dataclass(frozen=True, slots=True)
class Links:
    """The chain, as far as it can be followed."""

    links: tuple[Link, ...]
    findings: tuple[str, ...]


def read_links(root: Path) -> Links:
    """Follows the chain from its first folder, and stops where it is broken.

    Raises:
        OSError: a file cannot be read.
    """
    folder = root / _FOLDER
    links: list[Link] = []
    findings: list[str] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        link, wrong = _link(root, path, links[-1] if links else None)
        findings += wrong
        if link is None:
            break
        links.append(link)
    if not links and not findings:
        findings.append("nothing was ever approved: ledgerdb approve ROLE, once for each role")
    return Links(tuple(links), tuple(findings))


def _link(root: Path, path: Path, last: Link | None) -> tuple[Link | None, list[str]]:
    label = f"{_FOLDER}/{path.name}"
    if wrong := _misshapen(path):
        return None, [f"{label} {wrong}"]
    change, findings = record(root, path / "change.json", "approved-change.schema.json")
    if change is None or findings:
        return None, findings
    if wrong := _out_of_place(path.name, change, last):
        return None, [f"{label} {wrong}"]
    surface = _replayed({} if last is None else last.surface, change["changes"])
    if surface is None:
        return None, [
            f"{label} was edited: its changes do not follow from what was approved before"
        ]
    digest = digest_of(surface)
    said = {"digest": digest, "files": len(surface)}
    if change["surface"] != said or path.name[5:] != digest[:12]:
        return None, [f"{label} was edited: its changes lead to the surface {digest}"]
    files = {inner.name: sha256_of(inner.read_bytes()) for inner in path.iterdir()}
    return Link(path, change, files, surface), []


def _misshapen(path: Path) -> str | None:
    if path.is_symlink() or not path.is_dir() or not _NAME.fullmatch(path.name):
        return "is no folder of approvals"
    odd = [inner.name for inner in path.iterdir() if inner.is_symlink() or not inner.is_file()]
    return f"holds what is no file: {sorted(odd)}" if odd else None


def _out_of_place(name: str, change: Mapping[str, Any], last: Link | None) -> str | None:
    number = 1 if last is None else last.change["number"] + 1
    if (change["number"], int(name[:4])) != (number, number):
        return f"is not number {number} of the chain: one is missing, or two stand side by side"
    if last is None:
        return None if change["previous"] is None else "is the first, and names one before it"
    if change["previous"] is None or change["previous"]["folder"] != last.name:
        return f"does not follow {last.name}"
    before = change["previous"]["files"]
    differ = sorted(
        file
        for file in before.keys() | last.files.keys()
        if before.get(file) != last.files.get(file)
    )
    if differ:
        return f"finds {last.name} other than it was when it was signed: {', '.join(differ)}"
    return None


def _replayed(before: Mapping[str, str], changes: Mapping[str, Any]) -> dict[str, str] | None:
    """The surface after the changes; None where they are about another one."""
    surface = dict(before)
    for path, sha256 in changes["removed"].items():
        if surface.pop(path, None) != sha256:
            return None
    for path, change in changes["changed"].items():
        if surface.get(path) != change["before"]:
            return None
        surface[path] = change["after"]
    for path, sha256 in changes["added"].items():
        if path in before:
            return None
        surface[path] = sha256
    return surface
