"""Migrations of the ledger's schema: forward only, one deployer at a time, verified.

`upgrade` and `status` are for programs; `run_env` is what Alembic's env.py calls. For the env.py of
other projects in the same database there are `require_revision` and `include_*`.
"""

from ledgerdb.migrate.config import LockBudget
from ledgerdb.migrate.dependents import (
    LedgerBehind,
    include_name,
    include_object,
    require_revision,
)
from ledgerdb.migrate.deploy import sql_script, upgrade
from ledgerdb.migrate.report import LogReport, Report, StepInfo
from ledgerdb.migrate.runner import run_env
from ledgerdb.migrate.status import Applied, Status, applied, status

__all__ = [
    "Applied",
    "LedgerBehind",
    "LockBudget",
    "LogReport",
    "Report",
    "Status",
    "StepInfo",
    "applied",
    "include_name",
    "include_object",
    "require_revision",
    "run_env",
    "sql_script",
    "status",
    "upgrade",
]
