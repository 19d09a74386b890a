"""What git says about the surface: whether others will have the bytes that are approved."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledgerdb.approvals.chain import FOLDER
from ledgerdb.approvals.documents import ApprovalRefused
from ledgerdb.approvals.surface import PATHSPECS, Surface

__all__ = ["Checkout"]

_GIT_SECONDS_MAX: Final = 60
_BINARY: Final = "-"


@dataclass(frozen=True, slots=True)
class Checkout:
    """A working tree of git."""

    root: Path

    def require_shared(self, surface: Surface) -> None:
        """Whoever clones the commit to come must get the bytes that are in the working tree.

        Raises:
            ApprovalRefused: a file is unknown to git, or git would store other bytes for it.
        """
        tracked = set(self._git("ls-files", "-z", "--", *PATHSPECS).split("\0"))
        if unknown := sorted(surface.files.keys() - tracked):
            raise ApprovalRefused(
                "git does not have what would be approved (git add it, or remove it): "
                + ", ".join(unknown)
            )
        paths = sorted(surface.files)
        stored, here = (
            self._git("hash-object", "--stdin-paths", *filters, stdin="\n".join(paths)).split()
            for filters in ((), ("--no-filters",))
        )
        if differ := [
            path for path, *ids in zip(paths, stored, here, strict=True) if ids[0] != ids[1]
        ]:
            raise ApprovalRefused(
                "a clone would have other bytes, mostly other line ends (check the file out anew): "
                + ", ".join(differ)
            )

    def uncommitted(self) -> tuple[str, ...]:
        """Regulated files that differ from the last commit, those that are removed included."""
        if not self._has_commits():
            return ()
        names = self._git(
            "diff", "--name-only", "--relative", "-z", "--no-renames", "HEAD", "--", *PATHSPECS
        )
        return tuple(name for name in names.split("\0") if name)

    def line_counts(self, approved: str | None) -> Mapping[str, tuple[int, int]]:
        """Path -> lines added and removed since an approval was committed.

        Args:
            approved: its folder; None counts from nothing. What was not committed, and what is
                no text, has no count.
        """
        since = self._git("hash-object", "-t", "tree", "--stdin", stdin="")
        if approved is not None:
            if not self._has_commits():
                return {}
            since = self._git("rev-list", "-1", "HEAD", "--", f"{FOLDER}/{approved}")
            if not since:
                return {}
        numbers = self._git(
            "diff", "--numstat", "--relative", "-z", "--no-renames", since, "--", *PATHSPECS
        )
        rows = (row.split("\t") for row in numbers.split("\0") if row)
        return {
            path: (int(added), int(removed))
            for added, removed, path in rows
            if _BINARY not in (added, removed)
        }

    def _has_commits(self) -> bool:
        return bool(self._git("rev-list", "--all", "--max-count=1"))

    def _git(self, *arguments: str, stdin: str | None = None) -> str:
        """What git prints.

        Raises:
            ApprovalRefused: git refuses, or is not there.
        """
        git = shutil.which("git")
        if git is None:
            raise ApprovalRefused("git is not installed: approvals are made in a checkout")
        asked = subprocess.run(  # noqa: S603 - fixed commands
            [git, "-C", str(self.root), *arguments],
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            input=stdin,
            timeout=_GIT_SECONDS_MAX,
        )
        if asked.returncode != 0:
            raise ApprovalRefused(f"git cannot tell: {asked.stderr.strip()}")
        return asked.stdout.strip()
