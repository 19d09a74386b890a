"""`make ha`: a highly available ledger on Patroni, whose leader is killed under load.

Three nodes in strict synchronous mode, the migrations, two ingress threads and a worker on one
multi-host URL; SIGKILL for the leader, PostgreSQL and Patroni at once; then the proof that no
acknowledged payment was lost or repeated. Exit code: 0 it holds, 1 it does not.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Final

import typer
from cluster import Cluster, until
from rich.console import Console
from rich.table import Table
from traffic import Traffic, compare, register_tenant

from ledgerdb import Ledger
from ledgerdb.embedded import EmbeddedServer

HERE: Final = Path(__file__).parent
ENVIRONMENT: Final = HERE / ".venv"

console = Console()


def main(
    *,
    kills: Annotated[int, typer.Option(min=1, max=10, help="Leaders to kill.")] = 1,
    seconds: Annotated[float, typer.Option(min=1, help="Of load around each kill.")] = 6.0,
    keep: Annotated[bool, typer.Option(help="Keep the folder with the logs.")] = False,
) -> None:
    """Kills leaders of a Patroni cluster under load and compares what is left."""
    logging.getLogger("ledgerdb").setLevel(logging.ERROR)  # a worker says whenever it tries again
    patroni = install()
    folder = Path(tempfile.mkdtemp(prefix="ledgerdb-ha-", dir="/var/tmp"))
    began = time.monotonic()
    cluster = Cluster(folder, patroni, EmbeddedServer(version=18).bin_dir)
    try:
        summary, findings = play(cluster, kills, seconds)
    finally:
        cluster.close()
        if keep:
            console.print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    table = Table(title="High availability", show_header=False)
    for name, value in summary.items():
        table.add_row(name, str(value))
    table.add_row("seconds in all", f"{time.monotonic() - began:.0f}")
    table.add_row("lost or repeated", f"{len(findings)}", style="red" if findings else "green")
    console.print(table)
    for finding in findings[:20]:
        console.print(finding, style="red", markup=False)
    raise typer.Exit(1 if findings else 0)


def install() -> Path:
    """Patroni, in an environment of its own; the program."""
    patroni = ENVIRONMENT / "bin" / "patroni"
    if not patroni.exists():
        say(f"installing Patroni into {ENVIRONMENT}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
        subprocess.run(
            [
                *(ENVIRONMENT / "bin" / "python", "-m", "pip", "install", "--quiet"),
                *("--disable-pip-version-check", "--requirement", HERE / "requirements.txt"),
            ],
            check=True,
        )
    return patroni


def play(cluster: Cluster, kills: int, seconds: float) -> tuple[dict[str, object], list[str]]:
    """The scenario: what happened, and what was found wrong."""
    for node in cluster.nodes:
        cluster.start(node)
    leader = until(cluster.leader, "a first leader")
    until(lambda: len(cluster.standbys()) == len(cluster.nodes) - 1, "two standbys")
    until(cluster.synchronous_standbys, "a synchronous standby")
    say(f"{leader.name} leads; two standbys stream, one of them synchronously")
    ledgerdb("upgrade", cluster.url)
    register_tenant(cluster.url)
    traffic = Traffic(cluster.url)
    traffic.start()
    failovers: list[str] = []
    try:
        for _ in range(kills):
            time.sleep(seconds)
            failovers.append(fail_over(cluster, traffic))
        time.sleep(seconds)
        traffic.stop_asking()
        say("no further payments; the worker sends what is left")
        with Ledger.connect(cluster.url) as ledger:
            until(lambda: drained(ledger), "every payment dispatched", 90)
    finally:
        traffic.stop()
    acknowledged = traffic.acknowledged()
    findings = compare(cluster.url, acknowledged, traffic.rail)
    if ledgerdb("verify", cluster.url) != 0:
        findings.append("`ledgerdb verify ledger` found violations: see above")
    summary: dict[str, object] = {
        "leaders killed": kills,
        "failovers": "; ".join(failovers),
        "payments acknowledged": len(acknowledged),
        "of them learned by a replay": sum(each.replayed for each in traffic.ingress),
        "not acknowledged": sum(each.refused.total() for each in traffic.ingress),
        "longest silence": f"{traffic.longest_silence():.1f} s",
        "payments on the rail": len(traffic.rail.sent),
        "sends repeated under the same rail key": traffic.rail.sent.total()
        - len(traffic.rail.sent),
    }
    return summary, findings


def fail_over(cluster: Cluster, traffic: Traffic) -> str:
    """Kills the leader, waits for the next one, and brings the dead node back as a standby."""
    dead = until(cluster.leader, "a leader")
    say(f"SIGKILL for {dead.name}, after {len(traffic.acknowledged())} payments")
    killed_at = time.monotonic()
    cluster.kill(dead)
    leader = until(cluster.leader, "a new leader", 90)
    promoted = time.monotonic() - killed_at
    before = len(traffic.acknowledged())
    until(lambda: len(traffic.acknowledged()) > before + 10, "payments on the new leader", 60)
    served = time.monotonic() - killed_at
    say(f"{leader.name} leads after {promoted:.1f} s; payments go on after {served:.1f} s")
    cluster.start(dead)
    until(lambda: len(cluster.standbys()) == len(cluster.nodes) - 1, "the dead node back", 90)
    say(f"{dead.name} is back as a standby")
    return f"{dead.name} to {leader.name}, {served:.1f} s"


def drained(ledger: Ledger) -> bool:
    """Whether nothing is left on the queue."""
    backlog = ledger.backlog()
    return not (backlog.due or backlog.delayed or backlog.leased or backlog.expired)


def ledgerdb(what: str, url: str) -> int:
    """A command of ledgerdb, on the cluster."""
    program = [sys.executable, "-m", "ledgerdb"]
    if what == "upgrade":
        subprocess.run([*program, "upgrade", "--url", url], check=True, stdout=subprocess.DEVNULL)
        say("migrated to head")
        return 0
    with tempfile.TemporaryDirectory() as out:
        command = [*program, "verify", "ledger", "--url", url, "--out", out]
        return subprocess.run(command, check=False).returncode


def say(text: str) -> None:
    """One line of progress."""
    console.print(f"{time.strftime('%H:%M:%S')}  {text}", highlight=False, markup=False)


if __name__ == "__main__":
    typer.run(main)
