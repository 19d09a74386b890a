"""`make freeze`: copies changed functions to migrations/frozen and prints the lines to paste.

A function lives in sqlfunctions/NAME.sql and is edited there. What a revision installs is a byte
copy, frozen/NNNN_NAME.sql, pinned by its sha256. `--check` fails when the two have come apart.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen, pins, route

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Tree:
    """The folders of a checkout."""

    root: Path

    @property
    def live(self) -> Path:
        return self.root / "sqlfunctions"

    @property
    def migrations(self) -> Path:
        return self.root / "migrations"

    @property
    def copies(self) -> Path:
        return self.migrations / frozen.FROZEN

    def live_files(self) -> dict[str, frozen.SqlFile]:
        """Function name -> its live file."""
        return {path.stem: frozen.read(path) for path in sorted(self.live.glob("*.sql"))}

    def newest_frozen(self) -> dict[str, frozen.SqlFile]:
        """Function name -> its copy with the highest number."""
        return {
            frozen.function_name(path.name)[1]: frozen.read(path)
            for path in sorted(self.copies.glob("*.sql"))
        }

    def revision_files(self) -> list[Path]:
        return sorted((self.migrations / "versions").glob("[0-9]*.py"))

    def pinned(self) -> list[pins.Pin]:
        """Every pin of every revision in the working tree, on whichever route."""
        found: list[pins.Pin] = []
        for path in self.revision_files():
            own = pins.pins_of(path)
            online = route.preparation_of(path.name[:4], own, self.migrations, route.Route.ONLINE)
            found += [*own, *online.steps, *online.replaces.values()]
        return found

    def committed_frozen(self) -> frozenset[str]:
        """Names of frozen files that a revision in git HEAD pins; none outside of git."""
        folder = "migrations/versions"
        names = self._git("ls-tree", "--name-only", "HEAD", f"{folder}/").splitlines()
        sources = [
            (name, self._git("show", f"HEAD:{name}")) for name in names if name.endswith(".py")
        ]
        return frozenset(
            pin.file_name
            for name, source in sources
            for pin in pins.pins_of_source(source, name)
            if pin.folder == frozen.FROZEN
        )

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.root), *arguments], capture_output=True, text=True, check=False
        )
        return done.stdout if done.returncode == 0 else ""


def changed(tree: Tree) -> Iterator[tuple[str, frozen.SqlFile]]:
    """Live functions that differ from their newest copy, or have none."""
    newest = tree.newest_frozen()
    for name, file in tree.live_files().items():
        if name not in newest or newest[name].sha256 != file.sha256:
            yield name, file


def freeze(tree: Tree, revision: str | None) -> list[str]:
    """Writes the missing copies; returns the lines that pin them.

    Raises:
        MigrationError: there is no revision yet, or a copy that is committed would change.
    """
    number = revision or max((path.name[:4] for path in tree.revision_files()), default="")
    if not number:
        raise MigrationError("no revision in migrations/versions: write one, or give --revision")
    todo = [(f"{number}_{name}.sql", file) for name, file in changed(tree)]
    committed = tree.committed_frozen()
    for file_name, file in todo:
        frozen.function_name(file_name)
        frozen.bodies(file)
        if file_name in committed:
            raise MigrationError(
                f"frozen/{file_name} is pinned by a committed revision and may have run somewhere:"
                f" write the next revision, then freeze {file.label} for it"
            )
    lines = []
    for file_name, file in todo:
        (tree.copies / file_name).write_bytes(file.text.encode())
        lines.append(
            f'    op.install_function(\n        "{file_name}",\n'
            f'        sha256="{file.sha256}",\n    )'
        )
    return lines


def problems(tree: Tree) -> list[str]:
    """What is out of step between live functions, copies, scripts and pins."""
    found = [f"{file.label} differs from its newest copy in frozen" for _, file in changed(tree)]
    live = tree.live_files()
    found += [
        f"{file.label} has no live function sqlfunctions/{name}.sql"
        for name, file in tree.newest_frozen().items()
        if name not in live
    ]
    pinned = tree.pinned()
    used = {(pin.folder, pin.file_name) for pin in pinned}
    for folder in (frozen.FROZEN, frozen.DDL):
        found += [
            f"{folder}/{path.name} is not run by any revision"
            for path in sorted((tree.migrations / folder).iterdir())
            if (folder, path.name) not in used
        ]
    for pin in pinned:
        try:
            pins.load(pin, tree.migrations)
        except MigrationError as error:
            found.append(str(error))
    return found


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Exit code: 0 in step, 1 not in step or refused."""
    parser = argparse.ArgumentParser(prog="python -m tools.freeze", description=__doc__)
    parser.add_argument("--revision", help="number of the copies; default: the newest revision")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if out of step")
    options = parser.parse_args(arguments)
    tree = Tree(root)
    try:
        if options.check:
            found = problems(tree)
            print("\n".join(found) or "functions, copies and pins agree")
            return 1 if found else 0
        lines = freeze(tree, options.revision)
    except MigrationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("\n".join(lines) or "nothing to freeze")
    return 0


if __name__ == "__main__":
    sys.exit(main())
