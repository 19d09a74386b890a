"""Ways to lose, spoil or fake a hot-path index."""

from __future__ import annotations

DUE = "idx_payment_outbox_pending_due_claim"
TRACE = "idx_ingress_attestations_tenant_correlation"
ONCE = "ux_ingress_attestations_tenant_instruction"
NUMBER = "ux_attempts_outbox_attempt_no"
END = "ux_outbox_attempts_one_terminal_per_outbox"
QUEUE = "public.payment_outbox_pending"
ATTEMPTS = "public.payment_outbox_attempts"
PROOFS = "public.ingress_attestations"


def instead(index: str, definition: str) -> tuple[str, ...]:
    return f"drop index public.{index}", f"create {definition}"


def marked(index: str, flag: str) -> tuple[str, ...]:
    return (
        f"update pg_index set {flag} = not {flag} where indexrelid = 'public.{index}'::regclass",
    )


# what was done to which index, and what is said of it
DAMAGE: dict[str, tuple[str, tuple[str, ...], str]] = {
    "invalid": (DUE, marked(DUE, "indisvalid"), "not valid: no query uses it"),
    "not ready": (DUE, marked(DUE, "indisready"), "not ready: rows are written past it"),
    "not live": (DUE, marked(DUE, "indislive"), "not live: it is being dropped"),
    "column missing": (
        DUE,
        instead(DUE, f"index {DUE} on {QUEUE} (next_attempt_at, created_at)"),
        "columns (next_attempt_at, created_at), not (next_attempt_at, lease_expires_at,",
    ),
    "column order": (
        DUE,
        instead(DUE, f"index {DUE} on {QUEUE} (next_attempt_at, created_at, lease_expires_at)"),
        "columns (next_attempt_at, created_at, lease_expires_at), not",
    ),
    "descending": (
        DUE,
        instead(
            DUE, f"index {DUE} on {QUEUE} (next_attempt_at desc, lease_expires_at, created_at)"
        ),
        "next_attempt_at: descending",
    ),
    "nulls first": (
        DUE,
        instead(
            DUE,
            f"index {DUE} on {QUEUE} (next_attempt_at, lease_expires_at nulls first, created_at)",
        ),
        "lease_expires_at: nulls first",
    ),
    "included": (
        DUE,
        instead(
            DUE,
            f"index {DUE} on {QUEUE} (next_attempt_at, lease_expires_at, created_at)"
            " include (tenant_id)",
        ),
        "further columns are included",
    ),
    "a predicate": (
        DUE,
        instead(
            DUE,
            f"index {DUE} on {QUEUE} (next_attempt_at, lease_expires_at, created_at)"
            " where hold is null",
        ),
        "covers rows where (hold IS NULL), not every row",
    ),
    "another predicate": (
        TRACE,
        instead(
            TRACE,
            f"index {TRACE} on {PROOFS} (tenant_id, correlation_id) where tenant_id is not null",
        ),
        "covers rows where (tenant_id IS NOT NULL), not rows where (correlation_id IS NOT NULL)",
    ),
    "no predicate": (
        TRACE,
        instead(TRACE, f"index {TRACE} on {PROOFS} (tenant_id, correlation_id)"),
        "covers every row, not rows where (correlation_id IS NOT NULL)",
    ),
    "one end too few": (
        END,
        instead(
            END,
            f"unique index {END} on {ATTEMPTS} (outbox_id, redrive_no)"
            " where state in ('DISPATCHED')",
        ),
        "covers rows where (state = 'DISPATCHED'",
    ),
    "a predicate of another's operator": (
        END,
        (
            (
                "create function public.never(public.outbox_attempt_state,"
                " public.outbox_attempt_state) returns boolean immutable language sql return false"
            ),
            (
                "create operator public.= (leftarg = public.outbox_attempt_state,"
                " rightarg = public.outbox_attempt_state, procedure = public.never)"
            ),
            f"drop index public.{END}",
            (
                f"create unique index {END} on {ATTEMPTS} (outbox_id, redrive_no) where"
                " state operator(public.=) any (array['DISPATCHED'::public.outbox_attempt_state,"
                " 'FAILED'::public.outbox_attempt_state])"
            ),
        ),
        "OPERATOR(public.=)",
    ),
    "not unique": (
        ONCE,
        instead(ONCE, f"index {ONCE} on {PROOFS} (tenant_id, instruction_id)"),
        "not unique",
    ),
    "unique by a mark only": (ONCE, marked(ONCE, "indisunique"), "not unique"),
    "too unique": (
        TRACE,
        instead(
            TRACE,
            f"unique index {TRACE} on {PROOFS} (tenant_id, correlation_id)"
            " where correlation_id is not null",
        ),
        "unique, which it must not be",
    ),
    "nulls are equal": (
        ONCE,
        instead(
            ONCE,
            f"unique index {ONCE} on {PROOFS} (tenant_id, instruction_id) nulls not distinct",
        ),
        "takes two nulls for equal",
    ),
    "deferrable": (
        NUMBER,
        (
            f"alter table {ATTEMPTS} drop constraint {NUMBER}",
            (
                f"alter table {ATTEMPTS} add constraint {NUMBER} unique (outbox_id, attempt_no)"
                " deferrable"
            ),
        ),
        "checked at commit only: deferrable",
    ),
    "another method": (
        TRACE,
        instead(
            TRACE,
            f"index {TRACE} on {PROOFS} using brin (tenant_id, correlation_id)"
            " where correlation_id is not null",
        ),
        "method brin, not btree",
    ),
    "an expression": (
        ONCE,
        instead(ONCE, f"unique index {ONCE} on {PROOFS} (tenant_id, lower(instruction_id))"),
        "over an expression",
    ),
    "another operator class": (
        ONCE,
        instead(
            ONCE,
            f"unique index {ONCE} on {PROOFS} (tenant_id, instruction_id text_pattern_ops)",
        ),
        "instruction_id: not in the default operator class of its type",
    ),
    "another collation": (
        ONCE,
        instead(ONCE, f'unique index {ONCE} on {PROOFS} (tenant_id, instruction_id collate "C")'),
        "instruction_id: not in the collation of its column",
    ),
    "on another table": (
        DUE,
        instead(
            DUE,
            f"index {DUE} on public.payment_outbox_operator_actions (created_at, outbox_id)",
        ),
        "missing; one of its name is on public.payment_outbox_operator_actions",
    ),
    "in another schema": (
        DUE,
        (
            f"drop index public.{DUE}",
            "create schema other",
            f"create table other.payment_outbox_pending (like {QUEUE})",
            (
                f"create index {DUE} on other.payment_outbox_pending"
                " (next_attempt_at, lease_expires_at, created_at)"
            ),
        ),
        "missing; one of its name is on other.payment_outbox_pending",
    ),
    "in pg_temp": (
        DUE,
        (
            f"drop index public.{DUE}",
            f"create temp table payment_outbox_pending (like {QUEUE})",
            (
                f"create index {DUE} on pg_temp.payment_outbox_pending"
                " (next_attempt_at, lease_expires_at, created_at)"
            ),
        ),
        "missing; one of its name is on pg_temp",
    ),
    "renamed": (
        DUE,
        (f"alter index public.{DUE} rename to due",),
        "missing; public.due is like it, under another name",
    ),
    "names exchanged": (
        TRACE,
        (
            f"alter index public.{TRACE} rename to kept",
            f"alter index public.idx_ingress_attestations_correlation_id rename to {TRACE}",
            "alter index public.kept rename to idx_ingress_attestations_correlation_id",
        ),
        "columns (correlation_id), not (tenant_id, correlation_id)",
    ),
    "pages filled": (
        "payment_outbox_pending",
        (f"alter table {QUEUE} reset (fillfactor)",),
        "fillfactor 100, not fillfactor 80",
    ),
    "pages filled more": (
        "payment_outbox_pending",
        (f"alter table {QUEUE} set (fillfactor = 90)",),
        "fillfactor 90, not fillfactor 80",
    ),
}
