"""Who writes approvals and who judges them measure the same, with no code in common."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledgerdb.approvals.documents import ApprovalRefused
from ledgerdb.approvals.surface import Surface, changes_between, read_surface
from ledgerdb.verify.conformance.tree import measure
from tests.commands import ROOT

NAMES = st.sampled_from(
    [
        *("a", "b.sql", "B.sql", ".hidden", "-x", "__pycache__", "contract.yml", "a b", "ä.sql"),
        *(".schema.json", "x.schema.json", "schema.json", "allowed_signers", "Contract.yml"),
    ]
)
PATHS = st.tuples(
    st.sampled_from(["migrations", "sqlfunctions", "evidence", "docs", "evidence/approvals"]),
    st.lists(NAMES, min_size=1, max_size=3),
).map(lambda parts: Path(parts[0], *parts[1]))
TREES = st.dictionaries(PATHS, st.binary(max_size=8), max_size=12)


def plant(root: Path, tree: dict[Path, bytes]) -> None:
    for path, content in tree.items():
        file = root / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            continue  # one name for a file and for a folder


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_both_measure_the_same_tree(tree: dict[Path, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        plant(root, tree)
        witness = measure(root)
        if witness.findings:
            with pytest.raises(ApprovalRefused) as refused:
                read_surface(root)
            assert str(refused.value).count("; ") + 1 == len(witness.findings)
        else:
            surface = read_surface(root)
            assert surface.files == witness.files
            assert surface.digest == witness.digest


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from("12")),
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from("12")),
)
def test_changes_lead_from_one_surface_to_the_other(
    before: dict[str, str], after: dict[str, str]
) -> None:
    changes = changes_between(Surface(before), Surface(after))
    assert Surface(before).after(changes.as_dict()) == Surface(after)
    assert (changes.paths == ()) == (before == after)


def test_a_fresh_clone_has_the_same_surface_with_any_line_ends(tmp_path: Path) -> None:
    """Of this repository: its .gitattributes fix the line ends of every regulated file."""
    digests = set()
    for ends in ("true", "false"):
        clone = tmp_path / ends
        subprocess.run(
            [
                "git",
                "-c",
                f"core.autocrlf={ends}",
                "clone",
                "-q",
                "--depth=1",
                f"file://{ROOT}",
                clone,
            ],
            check=True,
            capture_output=True,
        )
        assert read_surface(clone).files == measure(clone).files
        digests.add(read_surface(clone).digest)
        shutil.rmtree(clone)
    assert len(digests) == 1
