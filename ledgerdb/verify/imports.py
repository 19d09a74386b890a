"""What each module of a package imports, and does that starts a process, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Module", "modules", "reached", "resolved"]

# a child process, by whatever door of the standard library
_STARTERS: Final = frozenset(
    {
        *("system", "popen", "fork", "forkpty", "posix_spawn", "posix_spawnp"),
        *("execl", "execle", "execlp", "execlpe", "execv", "execve", "execvp", "execvpe"),
        *("spawnl", "spawnle", "spawnlp", "spawnlpe", "spawnv", "spawnve", "spawnvp", "spawnvpe"),
        *("create_subprocess_exec", "create_subprocess_shell"),
        *("subprocess_exec", "subprocess_shell", "ProcessPoolExecutor"),
    }
)
_STARTING_MODULES: Final = frozenset({"multiprocessing", "pty", "subprocess", "_posixsubprocess"})


@dataclass(frozen=True, slots=True)
class Module:
    """One source file.

    Attributes:
        name: dotted, from the package down.
        imports: dotted names, those within functions and for types included; of
            `from a import b` that is a.b, be it a module or something in one.
        loads: those that come with the module itself.
        starts: what in it starts a process.
    """

    name: str
    imports: frozenset[str]
    loads: frozenset[str]
    starts: tuple[str, ...]


def modules(package: Path, without: Iterable[str] = (), *, above: str = "") -> dict[str, Module]:
    """Every module of a package by name.

    Args:
        package: its folder.
        without: folders in it that hold no code of it.
        above: the package that it is in, with a dot at the end.
    """
    found = {}
    left_out = {package / folder for folder in without}
    for path in sorted(package.rglob("*.py")):
        if left_out.isdisjoint(path.parents):
            parts = path.relative_to(package.parent).with_suffix("").parts
            name = above + ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = _read(name, path)
    return found


def _read(name: str, path: Path) -> Module:
    """One file."""
    tree = ast.parse(path.read_text("utf-8"), path.name)
    here = name if path.stem == "__init__" else name.rpartition(".")[0]
    imported = frozenset(_imports(here, ast.walk(tree)))
    loaded = frozenset(_imports(here, _at_once(tree)))
    return Module(name, imported, loaded, tuple(sorted(set(_starts(tree, imported)))))


def reached(
    roots: Iterable[str], known: Mapping[str, Module], *, at_once: bool = False
) -> dict[str, str]:
    """Every module that these need: module -> by which it came, itself for a root.

    Args:
        roots: names of modules; one that is not known is left out.
        known: by name.
        at_once: only what is loaded with them, together with the packages that it is in.
    """
    came = {root: root for root in roots if root in known}
    waiting = [*came]
    while waiting:
        name = waiting.pop()
        module = known[name]
        needed = {resolved(one, known) for one in (module.loads if at_once else module.imports)}
        if at_once:
            needed |= {above for one in {name, *needed} for above in _packages(one)}
        for one in sorted(needed & known.keys() - came.keys()):
            came[one] = name
            waiting.append(one)
    return came


def resolved(imported: str, known: Mapping[str, Module]) -> str:
    """The module that an import means: a.b, or a where b is something in it."""
    above = imported.rpartition(".")[0]
    return above if imported not in known and above in known else imported


def _packages(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _at_once(tree: ast.Module) -> Iterator[ast.AST]:
    """The nodes that run when the module is loaded; what is only there for types does not."""
    waiting: list[ast.AST] = [*tree.body]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def _imports(here: str, nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = here.split(".")
                kept = above[: len(above) - node.level + 1]
                base = ".".join([*kept, *([base] if base else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _starts(tree: ast.AST, imported: frozenset[str]) -> Iterator[str]:
    for module in imported:
        if module.partition(".")[0] in _STARTING_MODULES:
            yield f"imports {module.partition('.')[0]}"
        if module.rpartition(".")[2] in _STARTERS:
            yield f"imports {module}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _STARTERS:
            yield f"calls {ast.unparse(node)}"
