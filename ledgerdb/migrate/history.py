"""What a line of revisions amounts to: the functions installed, the names taken."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alembic.script import Script, ScriptDirectory

from ledgerdb.catalog import Names
from ledgerdb.migrate import frozen, pins
from ledgerdb.migrate.report import StepInfo

__all__ = ["info", "installed", "load_all", "names_of", "revisions"]


def revisions(script: ScriptDirectory, heads: Sequence[str]) -> list[Script]:
    """From the first revision up to `heads`, in the order in which they run."""
    return list(script.iterate_revisions(tuple(heads), "base"))[::-1] if heads else []


def info(revision: Script) -> StepInfo:
    """The revision and the first paragraph of its docstring, on one line."""
    first, _, _ = revision.longdoc.strip().partition("\n\n")
    return StepInfo(revision.revision, " ".join(first.split()))


def load_all(line: Sequence[Script], migrations: Path) -> list[tuple[pins.Pin, frozen.SqlFile]]:
    """Every file that the revisions run, in order.

    Raises:
        MigrationError: one of them is missing or changed.
    """
    return [
        (pin, pins.load(pin, migrations))
        for revision in line
        for pin in pins.pins_of(Path(revision.path))
    ]


def installed(
    files: Sequence[tuple[pins.Pin, frozen.SqlFile]],
) -> dict[str, frozen.SqlFile]:
    """Function name -> the file that installed it last."""
    return {
        frozen.function_name(pin.file_name)[1]: file
        for pin, file in files
        if pin.operation == "install_function"
    }


def names_of(files: Sequence[tuple[pins.Pin, frozen.SqlFile]]) -> Names:
    """All names in schema public that the files create."""
    scripts = [frozen.created(file) for pin, file in files if pin.operation == "run_script"]
    return Names(
        relations=frozenset().union(*(relations for relations, _ in scripts)),
        types=frozenset().union(*(types for _, types in scripts)),
        functions=frozenset(installed(files)),
    )
