"""Whether commits wait for a synchronous standby. A new setting holds once the checkpointer has it,
and not when a session shows it.
"""

from __future__ import annotations

from contextlib import closing

import psycopg

from tests.waiting import until

_LOOK = """
select wait_event is not distinct from 'SyncRep' as waits,
    state = 'idle' and query like '%%pg_logical_emit_message%%' as is_done
from pg_stat_activity where pid = %s
"""


def commits_wait(url: str) -> bool:
    """Commits something and sees what becomes of it; who waits is let go."""
    with (
        psycopg.connect(url, autocommit=True) as operator,
        closing(psycopg.connect(url, autocommit=True)) as asker,
    ):
        pid = asker.info.backend_pid
        asker.pgconn.send_query(b"select pg_logical_emit_message(true, 'a test', '')")

        def look() -> tuple[bool, bool]:
            waits, is_done = operator.execute(_LOOK, [pid]).fetchall()[0]
            return waits, is_done

        def met() -> tuple[bool, bool] | None:
            seen = look()
            return seen if any(seen) else None

        waits, _ = until(met) or (False, False)
        if waits:
            operator.execute("select pg_cancel_backend(%s)", [pid])
            until(lambda: look()[1])  # or somebody who looks for who waits would find this one
        return waits
