"""An example that does something else than its page says fails the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledgerdb.embedded import EmbeddedServer
from tests.commands import ROOT
from tests.docs.session import Command, Difference, Session, commands_of

RIGHT = """
<!-- file: words.txt -->
```text
one two
```

<!-- example: python -->
```python
import os
from pathlib import Path
os.environ["IGNORED"] = "the page's own process ends with its block"
number = 41
```

<!-- example: names are kept -->
```python
print(number + 1, Path("words.txt").read_text().split())
```

<!-- output -->
```text
42 [...]
```

<!-- example: console -->
```console
$ export GREETING=hello
$ echo "$GREETING, \\
world"
hello, world
$ false    # exit code 1
```

<!-- example: exported -->
```console
test "$GREETING" = hello
```

<!-- example: sql -->
```sql
select 1 as one;
```

<!-- output -->
```text
 one
-----
   1
(1 row)
```

<!-- not run: it would fail -->
```python
raise SystemExit
```
"""


@pytest.fixture
def session(reader_server: EmbeddedServer, tmp_path: Path) -> Session:
    return Session(reader_server.url(), tmp_path, ROOT)


def page(folder: Path, text: str) -> Path:
    path = folder / "page.md"
    path.write_text(text)
    return path


def test_a_page_that_says_the_truth(session: Session, tmp_path: Path) -> None:
    assert session.run(page(tmp_path, RIGHT)) == 5
    assert session.run(page(tmp_path, RIGHT), only="sql") == 1


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("number = 41", "number = 40"),
        ("hello, world", "hello, moon"),
        ("# exit code 1", ""),
        ("export GREETING=hello", "export GREETING=bye"),
        ("$ echo", "$ exit; echo"),
        ("   1\n(1 row)", "   2\n(1 row)"),
        ("select 1 as one", "select one"),
    ],
)
def test_a_page_that_does_not(session: Session, tmp_path: Path, right: str, wrong: str) -> None:
    assert RIGHT.count(right) == 1
    with pytest.raises(Difference, match=r"page\.md:\d+"):
        session.run(page(tmp_path, RIGHT.replace(right, wrong)))


def test_an_exception_names_the_page(session: Session, tmp_path: Path) -> None:
    wrong = RIGHT.replace("number = 41", "raise ValueError('a mistake')")
    with pytest.raises(ValueError, match="a mistake") as raised:
        session.run(page(tmp_path, wrong))
    assert Path(raised.traceback[-1].path).name == "page.md"


def test_commands_with_and_without_a_prompt() -> None:
    assert commands_of("$ a \\\nb\nout\n$ c  # exit code 3\n") == [
        Command("a b", "out\n"),
        Command("c  # exit code 3", ""),
    ]
    assert commands_of("# a comment\na\n\nb\n") == [Command("a", None), Command("b", None)]
    assert [command.code for command in commands_of("$ c  # exit code 3\n$ d\n")] == [3, 0]
