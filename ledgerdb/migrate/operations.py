"""The operations that revisions use.

`op.install_function` and `op.run_script` send a file beside the revisions as it is, in one message.
`op.execute` would not: it takes `:name` in a body for a parameter and `%` for a format. The others
name what the runner has done by then, outside of any transaction (`ledgerdb.migrate.prepare`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from alembic.operations import MigrateOperation, Operations
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ledgerdb.errors import MigrationError
from ledgerdb.migrate import frozen
from ledgerdb.migrate.pins import Pin, load

__all__ = [
    "GUARDED",
    "Backfill",
    "BuildIndex",
    "DropIndexConcurrently",
    "InstallFunction",
    "RunScript",
    "ScriptFailed",
    "ValidateConstraint",
    "send_file",
    "transaction_status",
]

# The option of Alembic's context by which `run_env` says that it checks and verifies this run: file
# name -> the file that takes its place on the route of this run.
GUARDED: Final = "ledgerdb_guarded"


class ScriptFailed(MigrationError):
    """PostgreSQL refused a file; `file` and the driver's `error` say where and why."""

    def __init__(self, file: frozen.SqlFile, error: DBAPIError) -> None:
        super().__init__(f"{file.label}: {error.orig}")
        self.file = file
        self.error = error

    def words(self) -> list[str]:
        """The words of the file: names of tables are among them."""
        return sorted(set(re.findall(r"\w+", self.file.text)))


class _SendFile(MigrateOperation):
    name: ClassVar[str]

    def __init__(self, file_name: str, sha256: str) -> None:
        self.pin = Pin(self.name, file_name, sha256)

    @classmethod
    def send(cls, operations: Operations, file_name: str, *, sha256: str) -> None:
        """Runs the file if its bytes (with LF line ends) have this sha256."""
        operations.invoke(cls(file_name, sha256))


@Operations.register_operation("install_function", "send")
class InstallFunction(_SendFile):
    """`op.install_function("0002_claim.sql", sha256="...")`: a file of `frozen/`."""

    name = "install_function"


@Operations.register_operation("run_script", "send")
class RunScript(_SendFile):
    """`op.run_script("0002_tables.sql", sha256="...")`: a file of `ddl/`."""

    name = "run_script"


class _RunOnline(_SendFile):
    """One statement of `ddl/`, outside of any transaction: all that its revision does."""


@Operations.register_operation("build_index", "send")
class BuildIndex(_RunOnline):
    """`op.build_index("0010_index.sql", sha256="...")`: `create index concurrently`."""

    name = "build_index"


@Operations.register_operation("drop_index_concurrently", "send")
class DropIndexConcurrently(_RunOnline):
    """`op.drop_index_concurrently("0010_index.sql", sha256="...")`."""

    name = "drop_index_concurrently"


@Operations.register_operation("validate_constraint", "send")
class ValidateConstraint(_RunOnline):
    """`op.validate_constraint("0010_check.sql", sha256="...")`: of one that was NOT VALID."""

    name = "validate_constraint"


@Operations.register_operation("backfill", "send")
class Backfill(_RunOnline):
    """`op.backfill("0010_fill.sql", sha256="...")`: in batches, resumable."""

    name = "backfill"


@Operations.implementation_for(BuildIndex)
@Operations.implementation_for(DropIndexConcurrently)
@Operations.implementation_for(ValidateConstraint)
@Operations.implementation_for(Backfill)
def _done_before(_operations: Operations, _operation: _RunOnline) -> None:
    """The runner did it before it began the transaction that records the revision."""


@Operations.implementation_for(InstallFunction)
@Operations.implementation_for(RunScript)
def _send(operations: Operations, operation: _SendFile) -> None:
    context = operations.get_context()
    if context.script is None or GUARDED not in context.opts:
        raise MigrationError(
            f"{operation.name}: revisions of ledgerdb run from an env.py that calls"
            " ledgerdb.migrate.run_env and nothing else: another one may commit nothing"
        )
    instead: Mapping[str, Pin] = context.opts[GUARDED]
    pin = instead.get(operation.pin.file_name, operation.pin)
    file = load(pin, Path(context.script.dir))
    if context.as_sql:
        context.impl.static_output(file.text)
        return
    send_file(operations.get_bind(), file)


def send_file(connection: Connection, file: frozen.SqlFile) -> None:
    """Sends a file as it is, in the transaction of `connection`.

    Raises:
        ScriptFailed: PostgreSQL refused it.
        MigrationError: the file ended the transaction.
    """
    try:
        connection.execution_options(no_parameters=True).exec_driver_sql(file.text).close()
    except DBAPIError as error:
        raise ScriptFailed(file, error) from error
    if transaction_status(connection) is not TransactionStatus.INTRANS:
        raise MigrationError(f"{file.label} ends the transaction of its revision: it must not")


def transaction_status(connection: Connection) -> TransactionStatus:
    """What the server says, whatever SQLAlchemy believes."""
    driver: Any = connection.connection.driver_connection
    status: TransactionStatus = driver.info.transaction_status
    return status
