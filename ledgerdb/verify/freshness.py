"""Is evidence still about what is here? Its commit, its moment and its schema are compared."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from ledgerdb.errors import ConfigurationError
from ledgerdb.verify.evidence import Evidence, git
from ledgerdb.verify.fingerprint import head_fingerprint

__all__ = ["staleness"]

# Clocks of two machines differ; evidence is made on one and checked on another.
_SKEW: Final = timedelta(minutes=5)
_SHOWN: Final = 12
# What databases run. A change that is none of structure (a grant, a row) leaves the fingerprint.
_SQL: Final = (
    "migrations/ddl",
    "migrations/frozen",
    "migrations/online",
    "migrations/versions",
)


def staleness(evidence: Evidence, now: datetime | None = None) -> Iterator[str]:
    """Why the evidence is not about this checkout; nothing where it is.

    Without git (an installed package) the commit is not asked for.

    Raises:
        ConfigurationError: the clone is shallow, so that the commit cannot be looked for.
    """
    made_at = datetime.fromisoformat(evidence.timestamp_utc)
    if made_at > (now or datetime.now(UTC)) + _SKEW:
        yield f"made in the future, at {evidence.timestamp_utc}"
    if evidence.schema_fingerprint != head_fingerprint():
        yield (
            f"stale: of schema {evidence.schema_fingerprint[:_SHOWN]}, and the newest revision"
            f" makes {head_fingerprint()[:_SHOWN]}"
        )
    yield from _of_commit(evidence.git_sha)


@functools.cache
def _of_commit(commit: str) -> tuple[str, ...]:
    short = commit[:_SHOWN]
    if git("rev-parse", "--verify", "HEAD") is None:
        return ()
    if git("cat-file", "-e", f"{commit}^{{commit}}") is None:
        if git("rev-parse", "--is-shallow-repository") == "true":
            raise ConfigurationError(
                f"commit {short} cannot be looked for in a shallow clone: git fetch --unshallow"
            )
        return (f"made at commit {short}, which is not in this repository",)
    if git("merge-base", "--is-ancestor", commit, "HEAD") is None:
        return (f"made at commit {short}, which is not in the history of this one",)
    changed = git("diff", "--name-only", commit, "HEAD", "--", *_SQL)
    if changed:
        first = changed.splitlines()[0]
        return (f"stale: the migrations have changed since its commit {short}, {first} first",)
    return ()
