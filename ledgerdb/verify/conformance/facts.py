"""What a machine can see for each role, so that an approval is more than a name."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from ledgerdb.verify.conformance.tree import sha256_of

__all__ = ["facts_of"]

Facts = Mapping[str, int | str | None]

_NUMBERED: Final = re.compile(r"([0-9]{4})_(.+)\.sql")
_HEAD: Final = re.compile(r"\A-- (\w+): .*?\bLocks:\s.*?\bRaises:\s", re.DOTALL)
_DEFINER: Final = re.compile(r"^security definer$", re.MULTILINE)
_SEARCH_PATH: Final = re.compile(r"^set search_path = pg_catalog, public, pg_temp$", re.MULTILINE)
_BOUND_BODY: Final = re.compile(r"^begin atomic$", re.MULTILINE)
_CREATED: Final = re.compile(r"^create or replace function ", re.MULTILINE)
_REVOKED: Final = re.compile(r"^revoke all on function [^;]+\sfrom public;$", re.MULTILINE)
_TO_PUBLIC: Final = re.compile(r"^grant [^;]+ to [^;]*\bpublic\b", re.MULTILINE)


def facts_of(root: Path, role: str) -> tuple[Facts, list[str]]:
    """What was counted for a role, and what of it does not hold."""
    return _FACTS[role](root)


def _architect(root: Path) -> tuple[Facts, list[str]]:
    """One line of revisions, forward only; one live file for each function."""
    faults: list[str] = []
    last: str | None = None
    revisions = sorted((root / "migrations" / "versions").glob("[0-9]*.py"))
    for path in revisions:
        module, wrong = _parsed(path)
        faults += wrong
        said = {
            target.id: node.value.value
            for node in module.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        if said.get("revision") != path.name[:4] or said.get("down_revision") != last:
            faults.append(f"{path.name} does not follow {last or 'nothing'}: one line, numbered")
        if any(
            isinstance(node, ast.FunctionDef) and node.name == "downgrade" for node in module.body
        ):
            faults.append(f"{path.name} has a downgrade")
        last = path.name[:4]
    live = {path.stem for path in (root / "sqlfunctions").glob("*.sql")}
    copied = {name for _, name, _ in _copies(root)}
    faults += [f"sqlfunctions/{name}.sql: no frozen copy" for name in sorted(live - copied)]
    faults += [f"{name} is frozen, and has no live function" for name in sorted(copied - live)]
    return {"revisions": len(revisions), "head": last, "functions": len(live)}, faults


def _implementer(root: Path) -> tuple[Facts, list[str]]:
    """Every pinned file has its bytes, and each live function is its newest copy."""
    faults: list[str] = []
    pinned = 0
    for path in sorted((root / "migrations").glob("[vo]*/[0-9]*.py")):
        module, wrong = _parsed(path)
        faults += wrong
        for file, sha256 in _pins(module):
            pinned += 1
            found = [
                candidate.read_bytes()
                for folder in ("frozen", "ddl")
                if (candidate := root / "migrations" / folder / file).is_file()
            ]
            if sha256 not in [sha256_of(content) for content in found]:
                faults.append(f"{path.name} pins {file}, which is missing or has other bytes")
    newest = {name: content for _, name, content in _copies(root)}
    live = {path.stem: path for path in sorted((root / "sqlfunctions").glob("*.sql"))}
    faults += [
        f"sqlfunctions/{name}.sql differs from its newest frozen copy"
        for name, path in live.items()
        if name in newest and path.read_bytes() != newest[name]
    ]
    return {"pinned_files": pinned, "live_functions": len(live)}, faults


def _policy_guardian(root: Path) -> tuple[Facts, list[str]]:
    """Each function says its locks and errors, keeps PUBLIC out, and fixes its search_path."""
    faults: list[str] = []
    definers = 0
    files = sorted((root / "sqlfunctions").glob("*.sql"))
    for path in files:
        text = path.read_text("utf-8", "replace")
        head = _HEAD.match(text)
        definers += bool(_DEFINER.search(text))
        if head is None or head[1] != path.stem:
            faults.append(f"{path.name}: its head does not say its name, locks and errors")
        if len(_CREATED.findall(text)) != len(_REVOKED.findall(text)) or _TO_PUBLIC.search(text):
            faults.append(f"{path.name}: PUBLIC is not kept out")
        if not _SEARCH_PATH.search(text) and (
            _DEFINER.search(text) or not _BOUND_BODY.search(text)
        ):
            faults.append(f"{path.name}: its search_path is not fixed, pg_temp last")
    return {"functions": len(files), "with_the_rights_of_their_owner": definers}, faults


def _parsed(path: Path) -> tuple[ast.Module, list[str]]:
    try:
        return ast.parse(path.read_bytes(), path.name), []
    except (SyntaxError, ValueError) as error:
        return ast.Module([], []), [f"{path.name} is no Python: {error}"]


def _copies(root: Path) -> Iterator[tuple[str, str, bytes]]:
    """Number, function and bytes of each frozen copy, the oldest first."""
    for path in sorted((root / "migrations" / "frozen").glob("*.sql")):
        if named := _NUMBERED.fullmatch(path.name):
            yield named[1], named[2], path.read_bytes()


def _pins(module: ast.Module) -> Iterator[tuple[str, str]]:
    """File and SHA-256 of `op.x("FILE", sha256="...")`, and of pairs in an online `replaces`."""
    for node in ast.walk(module):
        match node:
            case ast.Call(
                args=[ast.Constant(value=str(file))],
                keywords=[ast.keyword(arg="sha256", value=ast.Constant(value=str(sha256)))],
            ):
                yield file, sha256
            case ast.Tuple(elts=[ast.Constant(value=str(file)), ast.Constant(value=str(sha256))]):
                yield file, sha256


_FACTS: Final[Mapping[str, Callable[[Path], tuple[Facts, list[str]]]]] = {
    "architect": _architect,
    "implementer": _implementer,
    "policy_guardian": _policy_guardian,
}
