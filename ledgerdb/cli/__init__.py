"""The `ledgerdb` command. One file per group of commands; this one puts them together."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ledgerdb import __version__
from ledgerdb.cli import gate, schema, verify_catalog, verify_contract, verify_packs, verify_store
from ledgerdb.cli.adopt import adopt
from ledgerdb.cli.approve import approvals, approve
from ledgerdb.cli.conformance import conformance_command
from ledgerdb.cli.demo import demo
from ledgerdb.cli.drift import drift
from ledgerdb.cli.evidence import evidence
from ledgerdb.cli.functions import functions
from ledgerdb.cli.plan import plan
from ledgerdb.cli.retention import retention
from ledgerdb.cli.seal import seal
from ledgerdb.cli.server import server
from ledgerdb.cli.steps import steps
from ledgerdb.cli.verify import verify
from ledgerdb.errors import LedgerError

__all__ = ["app", "main"]

app = typer.Typer(
    help="The database layer of a payments ledger.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("upgrade")(schema.upgrade)
app.command("current")(schema.current)
app.command("history")(schema.history)
app.command()(adopt)
app.command()(approvals)
app.command()(approve)
app.command()(demo)
app.command()(drift)
app.command()(plan)
app.command()(seal)
app.command()(server)
app.command()(steps)
app.add_typer(evidence)
app.add_typer(functions)
app.add_typer(retention)
app.add_typer(verify)
verify.command("clients")(gate.clients_command)
verify.command("conformance")(conformance_command)
verify.command("migrations")(gate.migrations_command)
verify.command("packs")(verify_packs.packs_command)
verify.command("store-policy")(verify_store.store_policy_command)
verify.command("timeouts")(verify_catalog.timeouts_command)
verify.command("indexes")(verify_catalog.indexes_command)
verify.command("roles")(verify_catalog.roles_command)
verify.command("floors")(verify_catalog.floors_command)
verify.command("evidence")(verify_contract.evidence_command)
verify.command("contract")(verify_contract.contract_command)
verify.command("all")(verify_contract.all_command)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - the signature of a typer callback
    if wanted:
        typer.echo(f"ledgerdb {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """The database layer of a payments ledger."""


def main() -> None:
    """Runs the command line: exit code 1 for an error, with its message on stderr; 2 for usage."""
    try:
        app()
    except (LedgerError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
