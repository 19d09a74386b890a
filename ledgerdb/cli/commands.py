"""Every command of `ledgerdb`: where it is, and its line of help."""

from __future__ import annotations

from typing import ClassVar, Final

from ledgerdb.cli.lazy import LazyGroup, Place

__all__ = ["Commands"]

_MIGRATE: Final = "Migrate"
_LOOK: Final = "Look at the outbox"
_ACT: Final = "Act on the outbox"
_PROVE: Final = "Prove and retire"
_RUN: Final = "Run"


class Commands(LazyGroup):
    """The commands, in the order of the help."""

    places: ClassVar = {
        "upgrade": Place(
            "ledgerdb.cli.schema:upgrade",
            "Migrate a database forward, one transaction per revision, and verify it.",
            _MIGRATE,
        ),
        "current": Place(
            "ledgerdb.cli.schema:current",
            "Show the revision of a database and what is pending.",
            _MIGRATE,
        ),
        "history": Place(
            "ledgerdb.cli.schema:history",
            "Show what was applied to a database: when, by whom, how, and whether it was verified.",
            _MIGRATE,
        ),
        "plan": Place(
            "ledgerdb.cli.plan:plan",
            "Show which locks, rewrites and scans an upgrade takes, statement by statement.",
            _MIGRATE,
        ),
        "steps": Place(
            "ledgerdb.cli.steps:steps",
            "Show how far concurrent indexes, backfills and other online steps are.",
            _MIGRATE,
        ),
        "drift": Place(
            "ledgerdb.cli.drift:drift",
            "Compare a database with what its revision makes; nothing is written to it.",
            _MIGRATE,
        ),
        "adopt": Place(
            "ledgerdb.cli.adopt:adopt",
            "Inspect a database that the earlier plain-SQL migrations built, and adopt it.",
            _MIGRATE,
        ),
        "functions": Place(
            "ledgerdb.cli.functions:functions", "The SQL functions, revision by revision.", _MIGRATE
        ),
        "approve": Place(
            "ledgerdb.cli.approve:approve",
            "Approve the bytes of migrations/, sqlfunctions/ and the contract, as"
            " one of three roles.",
            _MIGRATE,
        ),
        "approvals": Place(
            "ledgerdb.cli.approve:approvals",
            "Show who approved what, and what is missing.",
            _MIGRATE,
        ),
        "status": Place(
            "ledgerdb.cli.operations.status:status",
            "Show how many items wait for what, since when, and what needs a person.",
            _LOOK,
        ),
        "top": Place(
            "ledgerdb.cli.operations.top:top",
            "Show the queue, its rates and what needs a person, again and again.",
            _LOOK,
        ),
        "items": Place(
            "ledgerdb.cli.operations.queue:items",
            "List what is on the queue, in the order in which it was accepted.",
            _LOOK,
        ),
        "inspect": Place(
            "ledgerdb.cli.operations.item:inspect",
            "Show an item: identity, rail key, place on the queue, attempts, late"
            " results, operators.",
            _LOOK,
        ),
        "trace": Place(
            "ledgerdb.cli.operations.trace:trace",
            "Show what happened to an instruction: proof, queue, every attempt, operators, seals.",
            _LOOK,
        ),
        "doubts": Place(
            "ledgerdb.cli.operations.doubts:doubts",
            "List what is in doubt: a worker said that it sends, and never said how it went.",
            _LOOK,
        ),
        "dead-letters": Place(
            "ledgerdb.cli.operations.dead_letters:dead_letters",
            "List what ended as FAILED, the oldest first, or count it.",
            _LOOK,
        ),
        "pause": Place(
            "ledgerdb.cli.operations.pausing:pause",
            "Stop the queue, a rail or a tenant: workers get nothing of it any more.",
            _ACT,
        ),
        "resume": Place(
            "ledgerdb.cli.operations.pausing:resume",
            "Let the queue, a rail or a tenant run again, and make what it held due.",
            _ACT,
        ),
        "resolve": Place(
            "ledgerdb.cli.operations.deciding:resolve",
            "End a doubt with what the rail says under the rail key; see `ledgerdb doubts`.",
            _ACT,
        ),
        "cancel": Place(
            "ledgerdb.cli.operations.deciding:cancel",
            "End an item that must not be sent: FAILED, with the error code CANCELLED.",
            _ACT,
        ),
        "record-attempt": Place(
            "ledgerdb.cli.operations.deciding:record_attempt",
            "Record what was done by hand, outside of every worker, as the next"
            " attempt of an item.",
            _ACT,
        ),
        "redrive": Place(
            "ledgerdb.cli.operations.redrive:redrive",
            "Send dead letters back to the queue, with a new retry budget and the same rail key.",
            _ACT,
        ),
        "verify": Place(
            "ledgerdb.cli.verifiers:verify",
            "Check the ledger from outside, and write evidence.",
            _PROVE,
        ),
        "evidence": Place(
            "ledgerdb.cli.evidence:evidence",
            "Evidence packs: all that the ledger holds about one instruction, in one file.",
            _PROVE,
        ),
        "seal": Place(
            "ledgerdb.cli.seal:seal",
            "Seal what is new in attempts and attestations. Nobody waits for it;"
            " begin anew any time.",
            _PROVE,
        ),
        "retention": Place(
            "ledgerdb.cli.retention:retention",
            "Retire old attempts of ended items; identities and outcomes stay for life.",
            _PROVE,
        ),
        "console": Place(
            "ledgerdb.cli.console:console",
            "Serve a web console that only reads: queue, items, dead letters, doubts, controls.",
            _RUN,
        ),
        "metrics": Place(
            "ledgerdb.cli.metrics:metrics", "The ledger's metrics for Prometheus.", _RUN
        ),
        "demo": Place(
            "ledgerdb.cli.demo:demo",
            "Ingest instructions, dispatch them with worker processes, kill one,"
            " check every invariant.",
            _RUN,
        ),
        "bench": Place(
            "ledgerdb.cli.bench:bench",
            "Measure the verbs beside a yardstick, and find out whether they have become slower.",
            _RUN,
        ),
        "server": Place(
            "ledgerdb.cli.server:server",
            "Run a private PostgreSQL until Ctrl-C; never for data that matter.",
            _RUN,
        ),
    }
