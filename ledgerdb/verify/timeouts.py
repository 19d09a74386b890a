"""INV-117: whoever acts as a runtime role starts with bounded timeouts.

A session may lift its own timeouts afterwards; `set` is everybody's right. This is about what it
gets without asking, and so about every setting on the way there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import sql
from sqlalchemy import URL

from ledgerdb.errors import ConfigurationError
from ledgerdb.url import database_url
from ledgerdb.verify.evidence import Evidence
from ledgerdb.verify.scratch import connect
from ledgerdb.verify.timeouts_chain import (
    RUNTIME_ROLES,
    Login,
    Setting,
    closest,
    logins,
    settings,
)
from ledgerdb.verify.witness import Session, Witnessed, conclude, reading

__all__ = ["ARTEFACT", "BOUNDS_MS", "CHECK_ID", "Opened", "opened", "verify_timeouts", "witness"]

CHECK_ID: Final = "db_timeout_posture"
ARTEFACT: Final = "phase0/db_timeout_posture.json"

BOUNDS_MS: Final = {
    "deadlock_timeout": 5_000,
    "idle_in_transaction_session_timeout": 60_000,
    "lock_timeout": 2_000,
    "statement_timeout": 30_000,
}
# `pg_settings.source` of a value that neither a database, nor a role, nor the client has set
_OF_THE_SERVER: Final = ("default", "environment variable", "configuration file", "command line")
_SEEN: Final = (
    "select name, setting::int as ms, source from pg_settings where name = any(%(names)s)"
)
_ROLES: Final = """
    select r.rolname as name from pg_roles as r
    where r.rolname = any(%(roles)s) and pg_has_role(session_user, r.oid, 'set') order by 1
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was really opened.

    Attributes:
        login: who logged in.
        begins: milliseconds by parameter, at its first statement.
        server: the same where it comes from the server's configuration, else None: what is set
            closer hides it.
        after_set_role: by runtime role, what it has after `set role`.
    """

    login: str
    begins: Mapping[str, int]
    server: Mapping[str, int | None]
    after_set_role: Mapping[str, Mapping[str, int]]


def verify_timeouts(url: str | URL | None = None) -> Evidence:
    """Follows every timeout to where it is set, and opens a session to see; writes nothing.

    Any login that may connect will do, except one whose own settings hide what the server has.

    Args:
        url: the database; None takes LEDGERDB_URL, else DATABASE_URL.

    Raises:
        ConfigurationError: no database, no commit to name in the evidence, or this login cannot see
            what must be known.
        DatabaseUnavailable: the database cannot be reached, or was lost.
        DatabaseError: the witness was refused.
    """
    target = url if isinstance(url, URL) else database_url(url)
    return conclude(CHECK_ID, target, lambda session: witness(session, opened(target)))


def opened(url: URL) -> Opened:
    """Opens a session as a client without options does.

    Raises:
        DatabaseUnavailable: it cannot be had.
    """
    # named, so that PGOPTIONS is not asked: what this process was started with is nobody's posture
    plain = url.update_query_dict({"options": "-c search_path=pg_catalog"})
    with connect(plain) as session:
        first = reading(session, _SEEN, {"names": list(BOUNDS_MS)})
        after = {}
        for row in reading(session, _ROLES, {"roles": [*RUNTIME_ROLES]}):
            session.execute(sql.SQL("set role {}").format(sql.Identifier(row["name"])))
            after[row["name"]] = _by_name(session)
            session.execute("reset role")
        return Opened(
            login=session.info.user,
            begins={row["name"]: row["ms"] for row in first},
            server={
                row["name"]: row["ms"] if row["source"] in _OF_THE_SERVER else None for row in first
            },
            after_set_role=after,
        )


def witness(session: Session, seen: Opened) -> Witnessed:
    """What is unbounded, or bounded too widely, and who makes it so.

    Raises:
        ConfigurationError: nothing is wrong that can be seen, and not everything can be seen.
    """
    explicit, roles = settings(session, BOUNDS_MS), logins(session)
    missing = [name for name in RUNTIME_ROLES if name not in {role.name for role in roles}]
    findings = [
        *(f"role {name} does not exist" for name in missing),
        *_explicit(session.info.dbname, explicit, roles),
        *_implied(explicit, seen.server),
        *_contradicted(seen, closest(explicit, seen.login, seen.server)),
    ]
    everybody = closest(explicit, "", seen.server)
    unknown = [name for name, ms in everybody.items() if ms is None]
    if unknown:
        said = (
            f"{', '.join(unknown)}: no setting of the database, and login {seen.login} has its own,"
            " which hides what the server's configuration says: verify with another login"
        )
        if not findings:
            raise ConfigurationError(said)
        findings.append(said)
    return Witnessed(
        findings,
        {
            "bounds_ms": BOUNDS_MS,
            "runtime_roles_ms": {role: everybody for role in RUNTIME_ROLES if role not in missing},
            "logins_ms": {
                role.name: closest(explicit, role.name, seen.server) | {"acts_as": [*role.roles]}
                for role in roles
                if role.may_login and role.may_connect and not role.superuser
            },
            "superusers_ms": {
                role.name: closest(explicit, role.name, seen.server)
                for role in roles
                if role.may_login and role.superuser
            },
            "sessions_opened_ms": {seen.login: dict(seen.begins)}
            | {f"{seen.login} as {role}": dict(ms) for role, ms in seen.after_set_role.items()},
        },
    )


def _explicit(database: str, explicit: Sequence[Setting], roles: Sequence[Login]) -> Iterator[str]:
    """Settings out of bounds, closer ones notwithstanding: the next login has none."""
    bound = {
        role.name: role
        for role in roles
        if not role.superuser and (role.name in RUNTIME_ROLES or role.may_login)
    }
    for setting in explicit:
        role = bound.get(setting.role)
        if setting.role and (role is None or not role.may_connect):
            continue
        if wrong := _out_of_bounds(setting.name, setting.milliseconds):
            asleep = ", once it may log in" if role is not None and not role.may_login else ""
            yield (f"{setting.whose(database)} sets {setting.name}={setting.text}{asleep}: {wrong}")


def _implied(explicit: Sequence[Setting], server: Mapping[str, int | None]) -> Iterator[str]:
    """What the server's configuration leaves open where nothing closer is set for everybody."""
    for name in sorted(server.keys() - {one.name for one in explicit if not one.role}):
        ms = server[name]
        if ms is not None and (wrong := _out_of_bounds(name, ms)):
            yield f"nothing sets {name} for the database, and the server has {ms} ms: {wrong}"


def _contradicted(seen: Opened, expected: Mapping[str, int | None]) -> Iterator[str]:
    for who, has in ((seen.login, seen.begins), *seen.after_set_role.items()):
        acting = "" if who == seen.login else f" as {who}"
        for name, ms in expected.items():
            if ms is not None and has[name] != ms:
                yield (
                    f"a session of {seen.login}{acting} has {name}={has[name]} ms, and the catalog"
                    f" says {ms} ms: something between client and server sets it"
                )


def _out_of_bounds(name: str, ms: int) -> str:
    if ms == 0:
        return "unbounded"
    return f"more than {BOUNDS_MS[name]} ms" if ms > BOUNDS_MS[name] else ""


def _by_name(session: Session) -> dict[str, int]:
    return {row["name"]: row["ms"] for row in reading(session, _SEEN, {"names": list(BOUNDS_MS)})}
