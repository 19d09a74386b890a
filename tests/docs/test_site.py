"""The site builds strictly and offline; its links lead somewhere; its references are whole."""

from __future__ import annotations

import importlib
import re
import subprocess
import zlib
from pathlib import Path
from typing import Final

import pytest

import ledgerdb
from examples.services.ingress.problems import refused_by
from ledgerdb import errors
from tests.commands import ROOT, SCRIPTS, environment
from tests.contract.test_documents import table
from tests.docs.pages import Site
from tools.site.commands import commands
from tools.site.repository import INCLUDED

# Whose public names users may rely on.
PACKAGES: Final = (
    *("ledgerdb", "ledgerdb.stores", "ledgerdb.packs", "ledgerdb.metrics", "ledgerdb.telemetry"),
)
DOCS = ROOT / "docs"
FUNCTIONS = {path.stem for path in (ROOT / "sqlfunctions").glob("*.sql")}


# Some 10 seconds of work for a processor that has nothing else to do.
_SECONDS_MAX: Final = 280


def build(source: Path, out: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
    """A strict build, without what a checkout may have from an earlier one."""
    return subprocess.run(
        [SCRIPTS / "sphinx-build", "-q", "-n", "-W", "--keep-going", *options, source, out],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        timeout=_SECONDS_MAX,
    )


@pytest.mark.timeout(300)
def test_the_site(tmp_path: Path) -> None:
    out = tmp_path / "site"
    # The pages without furo's sidebar, which is computed anew for each and takes half of the time;
    # the small site below has it.
    done = build(DOCS, out, "-d", tmp_path / "doctrees", "-D", "html_theme=basic")
    assert (done.returncode, done.stderr) == (0, "")
    site = Site(out)
    assert list(site.broken()) == []
    assert list(site.fetched()) == []

    source = (out / "source" / "tests" / "contract" / "privileges.txt.html").read_text("utf-8")
    assert (ROOT / "tests" / "contract" / "privileges.txt").read_text().split()[0] in source
    included = (out / "project" / "contributing.html").read_text("utf-8")
    assert 'href="../adr/0001-floors.html"' in included

    # commands without a prompt are not greyed out as if they were output
    assert 'class="go">pip' not in (out / "demo.html").read_text("utf-8")
    functions = (out / "reference" / "sql-functions.html").read_text("utf-8")
    assert 'href="../runbooks/sqlstates/P7101.html"' in functions
    assert 'href="../reference.html#claim-outbox-items"' in functions
    assert 'href="python/ledger.html#ledgerdb.Ledger.complete"' in functions

    public = {
        f"{package}.{name}"
        for package in PACKAGES
        for name, value in vars_of(package).items()
        if callable(value)  # constants stand in the text
    }
    assert public - names(out / "objects.inv") == set()
    cli = site.pages[out / "reference" / "cli.html"]
    assert cli.ids >= {name.replace(" ", "-") for name, _ in commands()}
    text = (out / "reference" / "cli.html").read_text("utf-8")
    options = {o for _, c in commands() for p in c.params for o in p.opts if o.startswith("--")}
    assert {option for option in options if option not in text} == set()
    reference = (out / "reference.html").read_text("utf-8")
    assert {name for name in FUNCTIONS if f"<h3>{name}<" not in reference} == set()


def vars_of(package: str) -> dict[str, object]:
    """The public names of a package."""
    module = importlib.import_module(package)
    return {name: getattr(module, name) for name in module.__all__}


def names(inventory: Path) -> set[str]:
    """The names of the Python objects that the site documents."""
    packed = inventory.read_bytes().split(b"\n", 4)[4]
    lines = zlib.decompress(packed).decode().splitlines()
    return {line.split()[0] for line in lines if " py:" in line}


def test_a_strict_build_refuses_what_is_wrong(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "_static").mkdir()
    (source / "_static" / "ledgerdb.css").touch()
    (source / "index.md").write_text(
        "# A\n\n[gone](gone.md) [lost](page.md#lost) [away](../../away.py)\n\n"
        "```{toctree}\npage\n```\n\n```{ledgerdb-public} ledgerdb.nothing\n```\n"
    )
    (source / "page.md").write_text("# B\n\n```{eval-rst}\n:py:class:`ledgerdb.Nothing`\n```\n")
    (source / "orphan.md").write_text("# C\n")
    refused = build(source, tmp_path / "out", "-c", DOCS)
    assert refused.returncode == 1
    for finding in (
        "'gone.md'",
        "'lost'",
        "'../../away.py'",
        "no public class in ledgerdb.nothing",
        "py:class reference target not found: ledgerdb.Nothing",
        "orphan.md: WARNING: document isn't included in any toctree",
    ):
        assert finding in refused.stderr
    site = Site(tmp_path / "out")
    assert (len(site.pages) > 3, list(site.fetched())) == (True, [])


def test_a_broken_link_of_the_site_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<a id="x" href="b.html#y"></a><a href="b.html#z"></a><a href="c.html"></a>'
        '<a href="#x"></a><a href="#w"></a><a href="https://example.org"></a>'
        '<script src="https://example.org/x.js"></script>'
    )
    (tmp_path / "b.html").write_text('<p id="y"></p>')
    (tmp_path / "a.css").write_text("@font-face { src: url(https://example.org/f.woff) }")
    site = Site(tmp_path)
    assert list(site.broken()) == ["a.html: b.html#z", "a.html: c.html", "a.html: #w"]
    assert list(site.fetched()) == ["a.html: https://example.org/x.js", "a.css: url(http"]


def test_every_included_file_is_there() -> None:
    for file, page in INCLUDED.items():
        assert (ROOT / file).exists(), file
        assert (DOCS / f"{page}.md").exists(), page


def test_every_sqlstate_has_a_runbook() -> None:
    pages = {path.stem: path for path in (DOCS / "runbooks" / "sqlstates").glob("*.md")}
    registered = {c for n in errors.__all__ for c in getattr(getattr(errors, n), "sqlstates", ())}
    assert set(pages) == set(table()) >= registered
    for code, name in table().items():
        text = pages[code].read_text("utf-8")
        assert text.startswith(f"# {code}: ")
        assert name == "-" or f"`{name}`" in text.splitlines()[4], code
        for part in ("What to do", "How to find the cause", "Never"):
            assert re.search(rf"^## {part}\n\n\S", text, re.MULTILINE), (code, part)
        assert f"{{ledgerdb-raised-by}} {code}\n" in text


def test_a_runbook_says_what_the_ingress_answers() -> None:
    told = 0
    for code in table():
        row = (DOCS / "runbooks" / "sqlstates" / f"{code}.md").read_text("utf-8").splitlines()[4]
        python, http = (cell.strip() for cell in row.strip("|").split("|")[:2])
        if http[0].isdigit():
            known = (
                errors.InvalidArgument if "InvalidArgument" in python else errors.error_for(code)
            )
            assert int(http[:3]) == refused_by(known("", sqlstate=code)).problem.status, code
            told += 1
    assert told > 15


def test_the_settings_page_names_every_variable() -> None:
    page = (DOCS / "reference" / "settings.md").read_text("utf-8")
    read = subprocess.run(
        [
            "git",
            "grep",
            "-hoE",
            "\\b(LEDGERDB_[A-Z_]+|DATABASE_URL|SOURCE_DATE_EPOCH)\\b",
            "ledgerdb",
        ],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    ).stdout.split()
    assert set(read) - {name for name in read if f"`{name}`" in page} == set()


@pytest.mark.parametrize("name", ["EngineSettings", "WorkerSettings"])
def test_every_setting_is_documented(name: str) -> None:
    settings = getattr(ledgerdb, name)
    for field in settings.__dataclass_fields__:
        assert f"        {field}: " in settings.__doc__, field
