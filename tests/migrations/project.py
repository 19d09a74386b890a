"""Projects to migrate from: a copy of ours, or one that a test writes."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.commands import ROOT, Result, run

REVISIONS = sorted(path.name[:4] for path in (ROOT / "migrations/versions").glob("[0-9]*.py"))
HEAD = REVISIONS[-1]
_REVISION = '''\
"""{docstring}"""

from alembic import op

revision = "{number}"
down_revision = {before}
branch_labels = None
depends_on = None


def upgrade() -> None:
{calls}
'''


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with alembic.ini and migrations/."""

    root: Path

    @property
    def migrations(self) -> Path:
        return self.root / "migrations"

    @classmethod
    def copied(cls, root: Path) -> Self:
        """A copy of this checkout's migrations."""
        shutil.copy(ROOT / "alembic.ini", root)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "migrations", root / "migrations", ignore=ignored)
        return cls(root)

    @classmethod
    def empty(cls, root: Path) -> Self:
        """No revision yet; env.py is ours."""
        shutil.copy(ROOT / "alembic.ini", root)
        for folder in ("versions", "frozen", "ddl"):
            (root / "migrations" / folder).mkdir(parents=True)
        shutil.copy(ROOT / "migrations" / "env.py", root / "migrations")
        return cls(root)

    def add_revision(self, number: str, files: dict[str, str]) -> None:
        """A revision that runs files: `ddl/name.sql` or `frozen/name.sql` -> text."""
        calls = []
        for name, text in files.items():
            content = text.encode()
            (self.migrations / name).write_bytes(content)
            folder, _, file = name.partition("/")
            operation = "install_function" if folder == "frozen" else "run_script"
            digest = hashlib.sha256(content).hexdigest()
            calls.append(f'    op.{operation}("{file}", sha256="{digest}")')
        earlier = max((path.stem[:4] for path in self.versions()), default=None)
        (self.migrations / "versions" / f"{number}_step.py").write_text(
            _REVISION.format(
                docstring=f"Step {number}.",
                number=number,
                before=f'"{earlier}"' if earlier else None,
                calls="\n".join(calls),
            )
        )

    def versions(self) -> list[Path]:
        return sorted((self.migrations / "versions").glob("[0-9]*.py"))

    def alembic(self, *arguments: str, url: str | None = None) -> Result:
        """The real command, in this project."""
        return run("alembic", "-c", self.root / "alembic.ini", *arguments, url=url, cwd=self.root)
