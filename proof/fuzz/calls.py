"""Calls of every function that anybody may call, with hostile arguments, judged by the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain, cycle, product
from pathlib import Path
from random import Random
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from proof.digest import Digest
from proof.fuzz.model import Model
from proof.fuzz.pools import Value, draw
from proof.fuzz.sessions import KINDS, Kind, connect
from proof.fuzz.site import Site

__all__ = ["Function", "Fuzz", "Outcome"]

UNSENT: Final = "unsent"
BACKEND_KB_MAX: Final = 400_000
_ROLLED_BACK: Final = 180
_KEPT: Final = 20
_FINDINGS_MAX: Final = 20
_SHOWN_MAX: Final = 200
_FUNCTIONS: Final[LiteralString] = """
select p.proname::text, p.proargnames[:p.pronargs],
    array(select pg_catalog.format_type(t, null)
        from unnest(p.proargtypes::oid[]) with ordinality as a (t, place) order by place)::text[],
    coalesce((
        select min(r.rolname)::text from pg_catalog.aclexplode(p.proacl) as a
        join pg_catalog.pg_roles as r on r.oid = a.grantee
        where r.rolname like 'symphony%'
    ), current_user::text)
from pg_catalog.pg_proc as p
where p.pronamespace = 'public'::regnamespace and p.prorettype <> 'trigger'::regtype
    and p.proname !~ '^_'
order by 1
"""


@dataclass(frozen=True, slots=True)
class Function:
    """A function, and the role that may call it."""

    name: str
    parameters: tuple[str, ...]
    types: tuple[str, ...]
    role: str

    @property
    def signature(self) -> list[tuple[str, str]]:
        return list(zip(self.parameters, self.types, strict=True))

    def spelled(self, given: Mapping[str, object]) -> sql.Composed:
        """The call, with what stands for each argument."""
        passed = sql.SQL(", ").join(
            sql.SQL("{} => {}").format(sql.Identifier(name), given[name])
            for name in self.parameters
        )
        return sql.SQL("select * from public.{}({})").format(sql.Identifier(self.name), passed)

    def shown(self, given: Mapping[str, Value]) -> str:
        """The call as one line for psql."""
        texts = {
            name: sql.SQL("{}::{}").format(_shown(given[name].text), _type(kind))
            for name, kind in self.signature
        }
        return f"set role {self.role}; {self.spelled(texts).as_string()};"


@dataclass(slots=True)
class Outcome:
    """What one run did."""

    known: int = 0
    calls: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    functions: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    backend_kb: int = 0

    def add(self, what: str, finding: str) -> None:
        self.wrong[what] += 1
        if len(self.findings) < _FINDINGS_MAX and self.wrong[what] == 1:
            self.findings.append(finding)

    def merge(self, other: Outcome) -> None:
        """Adds what another run did."""
        self.known = other.known
        self.calls += other.calls
        self.codes += other.codes
        self.functions += other.functions
        self.kinds += other.kinds
        self.wrong += other.wrong
        self.findings += other.findings
        self.backend_kb = max(self.backend_kb, other.backend_kb)


class Fuzz:
    """A database that is called.

    Args:
        url: of the superuser.
        seed: of what is drawn.
        is_head: whether it is at head, or the reference.
    """

    def __init__(self, url: str, seed: int, *, is_head: bool) -> None:
        self._url = url
        self._rng = Random(seed)
        self._is_head = is_head
        self._admin = psycopg.connect(url, autocommit=True)
        self._admin.execute("set search_path = pg_catalog, public")
        self._site = Site(self._admin, is_head=is_head)
        self._digest = Digest(self._admin)
        self.model = Model()
        self.functions = [
            Function(name, tuple(parameters or ()), tuple(types), role)
            for name, parameters, types, role in self._admin.execute(_FUNCTIONS).fetchall()
        ]
        self.outcome = Outcome(known=len(self.functions))
        # Each kind of session with each role, then each role as often as it has functions.
        roles = sorted(function.role for function in self.functions)
        first, then = (list(product(KINDS, some)) for some in (sorted({*roles}), roles))
        self._rng.shuffle(first)
        self._rng.shuffle(then)
        self._turns = chain(first, cycle(then))
        # so many calls bring each kind of session to each role
        self.once = len(first) * (_ROLLED_BACK + _KEPT)
        for function in self.functions:
            for name in self.model.undocumented(function.name, list(function.parameters)):
                self._find(f"{function.name}({name}) is not in docs/limits.md")
        self._sessions: dict[str, psycopg.Connection[Any]] = {}

    def run(self, calls: int, progress: Callable[[int], None] = lambda _: None) -> Outcome:
        """At least so many calls that reached the server."""
        while self.outcome.calls < calls:
            before = self.outcome.calls
            self._round()
            progress(self.outcome.calls - before)
        return self.outcome

    def close(self) -> None:
        for connection in (*self._sessions.values(), self._admin):
            connection.close()

    def _round(self) -> None:
        """Calls of one session: first such that leave nothing, then such that stay."""
        kind, role = next(self._turns)
        connection = self._session(kind)
        functions = [function for function in self.functions if function.role == role]
        connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)), prepare=False)
        valid = self._site.refresh()
        held = self._digest.take()
        for keep in (False,) * _ROLLED_BACK + (True,) * _KEPT:
            if keep and held:
                if self._digest.take() != held:
                    self._find(f"state changed by calls as {role} that failed or were rolled back")
                held = []
            function = self._rng.choice(functions)
            given = draw(self._rng, function.signature, valid)
            # what the reference keeps stops it for good, and hides its other defects
            self._judge(kind, connection, function, given, keep=keep and self._is_head)
        if connection.closed:
            del self._sessions[kind.name]
        else:
            self._measure(connection)

    def _session(self, kind: Kind) -> psycopg.Connection[Any]:
        if kind.name not in self._sessions:
            self._sessions[kind.name] = connect(self._url, kind)
        return self._sessions[kind.name]

    def _judge(
        self,
        kind: Kind,
        connection: psycopg.Connection[Any],
        function: Function,
        given: dict[str, Value],
        *,
        keep: bool,
    ) -> None:
        code, column = self._call(kind, connection, function, given, keep=keep)
        self.outcome.codes[code] += 1
        if code == UNSENT:
            return
        self.outcome.calls += 1
        self.outcome.functions[function.name] += 1
        self.outcome.kinds[kind.name] += 1
        what = self._wrong(function, given, code, column)
        if what is not None and code != kind.unspeakable:
            least = self._shrunk(function, given, what)
            self.outcome.add(
                f"{function.name} {what}",
                f"{function.name} {what} ({kind.name}): {function.shown(least)}",
            )

    def _wrong(
        self, function: Function, given: Mapping[str, Value], code: str, column: str | None
    ) -> str | None:
        what = self.model.wrong(function.name, given, code, column)
        if what is not None and code != "ok" and code in self._of_casts(function, given):
            return None  # the server refuses the value before any function runs
        return what

    def _call(
        self,
        kind: Kind,
        connection: psycopg.Connection[Any],
        function: Function,
        given: Mapping[str, Value],
        *,
        keep: bool,
    ) -> tuple[str, str | None]:
        """`ok` or an SQLSTATE, with the COLUMN of the error."""
        places = {
            name: sql.SQL("{}::{}").format(_raw(kind.placeholder), _type(of))
            for name, of in function.signature
        }
        values = [given[name].text for name in function.parameters]
        try:
            with kind.context(connection), connection.transaction(force_rollback=not keep):
                connection.execute(function.spelled(places), values)
        except psycopg.Error as error:
            if error.sqlstate is None and not connection.closed:
                return UNSENT, None
            return error.sqlstate or "lost", error.diag.column_name
        except UnicodeEncodeError:
            return UNSENT, None
        return "ok", None

    def _of_casts(self, function: Function, given: Mapping[str, Value]) -> set[str]:
        """What the casts of the arguments alone end with."""
        found = set()
        for name, kind in function.signature:
            text = given[name].text
            if "\x00" in (text or ""):
                found.add("22021")  # only the binary protocol can say it
                continue
            try:
                self._admin.execute(sql.SQL("select {}::{}").format(sql.Literal(text), _type(kind)))
            except psycopg.Error as error:
                found.add(str(error.sqlstate))
        return found

    def _shrunk(self, function: Function, given: dict[str, Value], what: str) -> dict[str, Value]:
        """The same with as many nulls as still show it, in a session without settings."""
        kind = KINDS[0]
        connection = self._session(kind)
        connection.execute(sql.SQL("set role {}").format(sql.Identifier(function.role)))
        for name in function.parameters:
            fewer = {**given, name: Value(None)}
            code, column = self._call(kind, connection, function, fewer, keep=False)
            if self._wrong(function, fewer, code, column) == what:
                given = fewer
        return given

    def _measure(self, connection: psycopg.Connection[Any]) -> None:
        status = Path(f"/proc/{connection.info.backend_pid}/status")
        if status.exists():
            (line,) = (text for text in status.read_text().splitlines() if "RssAnon" in text)
            used = int(line.split()[1])
            self.outcome.backend_kb = max(self.outcome.backend_kb, used)
            if used > BACKEND_KB_MAX:
                self._find(f"a session holds {used} kB of memory between two calls")

    def _find(self, finding: str) -> None:
        self.outcome.add(finding, finding)


def _type(kind: str) -> sql.SQL:
    return _raw(f"public.{kind}" if kind.startswith("outbox_") else kind)


def _raw(text: str) -> sql.SQL:
    return sql.SQL(text)  # of the catalog or of a kind of session


def _shown(text: str | None) -> sql.Composable:
    if text is not None and len(text) > _SHOWN_MAX and len(set(text)) == 1:
        return sql.SQL("repeat({}, {})").format(sql.Literal(text[0]), sql.Literal(len(text)))
    if text is not None and not _is_sendable(text):
        return sql.Literal(ascii(text))
    return sql.Literal(text)


def _is_sendable(text: str) -> bool:
    return "\x00" not in text and text.isprintable() | text.isascii()
