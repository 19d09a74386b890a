"""Where the timeouts of a session come from, as PostgreSQL decides it when the session begins.

The closest of these wins: a setting of the login in this database, of the login, of the database,
of all roles, the server's configuration. Only the role that logs in counts: what is set for a role
that it is a member of, or becomes by `set role`, is not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ledgerdb.verify.witness import Session, reading

__all__ = ["RUNTIME_ROLES", "Login", "Setting", "closest", "logins", "settings"]

RUNTIME_ROLES: Final = (
    "symphony_auditor",
    "symphony_control",
    "symphony_executor",
    "symphony_ingest",
    "symphony_readonly",
)

_SETTINGS: Final = """
    select
        coalesce(r.rolname, '') as role, s.setdatabase <> 0 as here,
        split_part(entry, '=', 1) as name, substr(entry, strpos(entry, '=') + 1) as value
    from pg_db_role_setting as s
    cross join lateral unnest(s.setconfig) as entry
    left join pg_roles as r on r.oid = s.setrole
    where s.setdatabase in
            (0, (select d.oid from pg_database as d where d.datname = current_database()))
        and split_part(entry, '=', 1) = any(%(names)s)
    order by here, role, name
"""
# A member may become the role whatever way it is a member, if only through a third role.
_LOGINS: Final = """
    with recursive members (role, member) as (
        select r.oid, r.oid from pg_roles as r where r.rolname = any(%(roles)s)
        union
        select m.role, a.member from members as m inner join pg_auth_members as a
            on a.roleid = m.member
    )
    select
        r.rolname as name, r.rolcanlogin as may_login, r.rolsuper as superuser,
        has_database_privilege(r.oid, current_database(), 'connect') as may_connect,
        array(
            select b.rolname::text from members as m inner join pg_roles as b on b.oid = m.role
            where m.member = r.oid order by b.rolname
        ) as roles
    from pg_roles as r
    where r.oid in (select m.member from members as m) or (r.rolsuper and r.rolcanlogin)
    order by r.rolname
"""
# Every one of the timeouts is in milliseconds: any of them reads what was written for another.
_READ_AS_MS: Final = "select set_config('lock_timeout', %s, true)"
_MS: Final = "select setting::int from pg_settings where name = 'lock_timeout'"


@dataclass(frozen=True, slots=True)
class Setting:
    """One explicit setting: `alter database`, `alter role`, or `alter role in database`.

    Attributes:
        role: whose; empty for all.
        here: of this database only.
        name: of the parameter.
        text: as it was written.
        milliseconds: what that is; 0 is no bound.
    """

    role: str
    here: bool
    name: str
    text: str
    milliseconds: int

    def whose(self, database: str) -> str:
        """Who sets it, in words."""
        who = f"role {self.role}" if self.role else "" if self.here else "every role"
        where = f"database {database}" if self.here else ""
        return " in ".join(part for part in (who, where) if part)


@dataclass(frozen=True, slots=True)
class Login:
    """A role of which there may be sessions with the rights of a runtime role.

    Attributes:
        name: of the role.
        may_login: it is no group.
        may_connect: to this database.
        superuser: bound by nothing.
        roles: the runtime roles that it is a member of, directly or not, and itself if it is one.
    """

    name: str
    may_login: bool
    may_connect: bool
    superuser: bool
    roles: tuple[str, ...]


def settings(session: Session, names: Iterable[str]) -> list[Setting]:
    """Every explicit setting of these parameters that can reach a session of this database."""
    found = reading(session, _SETTINGS, {"names": list(names)})
    return [
        Setting(row["role"], row["here"], row["name"], row["value"], _ms(session, row["value"]))
        for row in found
    ]


def logins(session: Session) -> list[Login]:
    """The runtime roles, their members, and superusers who may log in."""
    return [
        Login(
            row["name"],
            row["may_login"],
            row["may_connect"],
            row["superuser"],
            tuple(row["roles"]),
        )
        for row in reading(session, _LOGINS, {"roles": [*RUNTIME_ROLES]})
    ]


def closest(
    explicit: Iterable[Setting], login: str, server: Mapping[str, int | None]
) -> dict[str, int | None]:
    """What a session of a login begins with, by parameter; `server` where nothing is explicit.

    Args:
        explicit: from `settings`.
        login: name of the role; empty for one without settings of its own.
        server: the configuration's; None where it is not known.
    """
    return dict(server) | {
        setting.name: setting.milliseconds for setting in _farthest_first(explicit, login)
    }


def _farthest_first(explicit: Iterable[Setting], login: str) -> Iterator[Setting]:
    mine = (setting for setting in explicit if setting.role in {"", login})
    yield from sorted(mine, key=lambda setting: (setting.role != "", setting.here))


def _ms(session: Session, text: str) -> int:
    with session.transaction(force_rollback=True):
        session.execute(_READ_AS_MS, [text])
        (value,) = session.execute(_MS).fetchone() or (0,)
    return int(value)
