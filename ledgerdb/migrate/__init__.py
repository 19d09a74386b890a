"""Migrations of the ledger's schema: forward only, one deployer at a time, verified.

`upgrade` and `status` are for programs; `run_env` is what Alembic's env.py calls.
"""

from ledgerdb.migrate.config import LockBudget
from ledgerdb.migrate.deploy import sql_script, upgrade
from ledgerdb.migrate.report import LogReport, Report, StepInfo
from ledgerdb.migrate.runner import run_env
from ledgerdb.migrate.status import Applied, Status, applied, status

__all__ = [
    "Applied",
    "LockBudget",
    "LogReport",
    "Report",
    "Status",
    "StepInfo",
    "applied",
    "run_env",
    "sql_script",
    "status",
    "upgrade",
]
