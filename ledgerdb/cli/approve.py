"""`ledgerdb approve` and `ledgerdb approvals`: who stands behind a regulated change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final

import typer

from ledgerdb.approvals.chain import Chain, read_chain
from ledgerdb.approvals.draft import Draft, draft_approval
from ledgerdb.approvals.policy import Role
from ledgerdb.approvals.surface import Changes, changes_between, read_surface
from ledgerdb.errors import ConfigurationError
from ledgerdb.verify.evidence import checkout

__all__ = ["Root", "approvals", "approve", "root_of"]

_FAILED: Final = 1
# More files than a reader looks through are shown folder by folder; --json has each.
_FILES_SHOWN_MAX: Final = 40

Root = Annotated[
    Path | None,
    typer.Option(
        "--root",
        help="The checkout.",
        show_default="the one that this code runs from",
        exists=True,
        file_okay=False,
        resolve_path=True,
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="For machines.")]


def approve(
    role: Annotated[Role, typer.Argument(help="As which role.", show_default=False)],
    *,
    by: Annotated[
        str,
        typer.Option(help="Who signs: a name, or 'name <address>'.", show_default=False),
    ],
    reason: Annotated[str, typer.Option(help="Why this may be released.", show_default=False)],
    sign: Annotated[
        Path | None,
        typer.Option(
            metavar="KEY",
            help="Also sign with this SSH key, or with the public half of one in ssh-agent.",
            show_default=False,
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be signed; write nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    root: Root = None,
    as_json: _Json = False,
) -> None:
    """Approve the bytes of migrations/, sqlfunctions/ and the contract, as one of three roles.

    Shows what changed since every role last approved, and what the role signs for; then asks.
    The files it writes belong into the commit of the change.

    Exit codes: 0 approved, 1 refused, 2 usage.
    """
    draft = draft_approval(root_of(root), role, by=by, reason=reason)
    if not as_json:
        for line in _shown(draft):
            typer.echo(line)
    if dry_run:
        path = None
    else:
        if not yes and not typer.confirm(f"{by}, do you approve as {role}?", err=as_json):
            raise typer.Exit(_FAILED)
        path = draft.write(sign)
    if as_json:
        typer.echo(json.dumps(_document(draft, written=path is not None)))
    elif path is None:
        typer.echo("dry run: nothing was written")
    else:
        left = ", ".join(draft.still_missing) or "nobody; commit the folder with the change"
        typer.echo(f"wrote {path.relative_to(draft.root).as_posix()}\nstill to sign: {left}")


def approvals(*, root: Root = None, as_json: _Json = False) -> None:
    """Show who approved what, and what is missing.

    `ledgerdb verify conformance` is the judge; this is what it will look at.

    Exit codes: 0 every role approved these bytes, 1 not, 2 usage.
    """
    found = _status(root_of(root))
    if as_json:
        typer.echo(json.dumps(asdict(found) | {"approved": found.approved}))
    else:
        for step in found.steps:
            typer.echo(f"{step['folder']}  {step['files']} files, {step['changed']} changed")
            for approval in step["approvals"]:
                typer.echo(
                    f"  {approval['role']:<16}{approval['by']}, {approval['approved_at']}:"
                    f" {approval['reason']}"
                )
            for role in step["missing"]:
                typer.echo(f"  {role:<16}missing")
        typer.echo("approved by every role" if found.approved else f"not approved: {found.why}")
    if not found.approved:
        raise typer.Exit(_FAILED)


def root_of(root: Path | None) -> Path:
    """The checkout that was asked for, else that of this code.

    Raises:
        ConfigurationError: this code is installed, and none was asked for.
    """
    found = root or checkout()
    if found is None:
        raise ConfigurationError("no checkout to look at: give --root")
    return found


@dataclass(frozen=True, slots=True)
class _Status:
    surface: str
    steps: list[dict[str, Any]]
    unapproved: dict[str, Any]
    why: str | None

    @property
    def approved(self) -> bool:
        return self.why is None


def _status(root: Path) -> _Status:
    surface, chain = read_surface(root), read_chain(root)
    latest = chain.steps[-1] if chain.steps else None
    moved = changes_between(chain.surface if latest is None else latest.surface, surface)
    return _Status(
        surface=surface.digest,
        steps=[*_steps(chain)],
        unapproved=moved.as_dict(),
        why=_why(chain, moved),
    )


def _steps(chain: Chain) -> Iterator[dict[str, Any]]:
    for step in chain.steps:
        yield {
            "folder": step.name,
            "surface": step.surface.digest,
            "files": len(step.surface.files),
            "changed": sum(len(changed) for changed in step.change["changes"].values()),
            "approvals": [
                {name: approval[name] for name in ("role", "by", "reason", "approved_at")}
                for approval in step.approvals.values()
            ],
            "missing": [*step.missing],
        }


def _why(chain: Chain, moved: Changes) -> str | None:
    if not chain.steps:
        return "nobody has approved anything yet"
    if moved.paths:
        return "\n".join(["the bytes have moved on", *_by_file(moved, {})])
    missing = chain.steps[-1].missing
    return f"missing: {', '.join(missing)}" if missing else None


def _document(draft: Draft, *, written: bool) -> dict[str, Any]:
    return {
        "written": written,
        "folder": draft.folder,
        "follows": draft.follows,
        "change": draft.change,
        "approval": draft.approval,
        "still_missing": draft.still_missing,
        "uncommitted": draft.uncommitted,
        "lines": draft.lines,
    }


def _shown(draft: Draft) -> Iterator[str]:
    """What a person reads before the question."""
    surface = draft.change["surface"]
    yield f"{draft.folder}, after {draft.follows or 'nothing: the first approval'}"
    yield f"{surface['files']} files, sha256 {surface['digest']}"
    few = len(draft.changes.paths) <= _FILES_SHOWN_MAX
    yield from (_by_file if few else _by_folder)(draft.changes, draft.lines)
    if draft.uncommitted:
        yield f"note: {len(draft.uncommitted)} of these files are not committed yet"
    yield f"{draft.approval['role']} signs:"
    yield from (f"  - {statement}" for statement in draft.approval["statements"])
    yield f"reason: {draft.approval['reason']}"


def _kinds(changes: Changes) -> Iterator[tuple[str, str]]:
    yield from (("added", path) for path in changes.added)
    yield from (("changed", path) for path in changes.changed)
    yield from (("removed", path) for path in changes.removed)


def _by_file(changes: Changes, lines: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    for kind, path in _kinds(changes):
        counted = f"  +{lines[path][0]} -{lines[path][1]}" if path in lines else ""
        yield f"  {kind:<8} {path}{counted}"


def _by_folder(changes: Changes, lines: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    folders: dict[tuple[str, str], list[str]] = {}
    for kind, path in _kinds(changes):
        folders.setdefault((kind, f"{PurePosixPath(path).parent}/"), []).append(path)
    for (kind, folder), paths in folders.items():
        added, removed = (sum(lines.get(path, (0, 0))[side] for path in paths) for side in (0, 1))
        yield f"  {kind:<8} {folder:<24} {len(paths)} files  +{added} -{removed}"
