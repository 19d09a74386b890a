-- What is left of 0004_layout.sql where its work was done before: columns, indexes, identities and
-- payloads are there (0004_attempts_columns.sql and those after it).
-- Locks: ACCESS EXCLUSIVE on queue and attempts, for changes of the catalog, and for two indexes
-- and a check of the queue, which is small by design.
set local lock_timeout = '2s';
lock table public.payment_outbox_pending,
public.payment_outbox_attempts in access exclusive mode;

-- Every item has its identity, and those on the queue their payload in it: the triggers saw to it
-- until now, and to drop one that somebody took away is an error.
drop trigger trg_identify_queued_item on public.payment_outbox_pending;
drop trigger trg_identify_recorded_item on public.payment_outbox_attempts;
-- squawk-ignore ban-drop-function
drop function public.identify_queued_item();
-- squawk-ignore ban-drop-function
drop function public.identify_recorded_item();
-- squawk-ignore ban-drop-function
drop function public._identify_outbox_items(uuid[]);
create or replace function public.deny_outbox_identities_mutation()
returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    raise exception 'payment_outbox_identities is append-only' using errcode = 'P0001';
end;
$function$;

alter table public.payment_outbox_pending
-- squawk-ignore ban-drop-not-null
alter column payload drop not null,
-- squawk-ignore ban-drop-constraint
drop constraint ux_pending_participant_sequence,
-- squawk-ignore ban-drop-constraint
drop constraint ux_pending_tenant_idempotency,
add column leased_at timestamptz,
add column dispatch_started_at timestamptz,
add column hold text,
add column held_at timestamptz,
add column redrive_no integer not null default 0,
add column budget_base integer not null default 0,
add column fifo boolean not null default false,
-- squawk-ignore constraint-missing-not-valid
add constraint ck_pending_hold
check (hold in ('IN_DOUBT', 'PAYLOAD_MISMATCH', 'PAUSED', 'FIFO'));
comment on column public.payment_outbox_pending.next_attempt_at is
'When the item is due. While it is leased: when the lease ends. While it is held: infinity.';
comment on column public.payment_outbox_pending.leased_at is 'When the current lease was issued.';
comment on column public.payment_outbox_pending.dispatch_started_at is
'When the worker declared, under the current lease, that it would now call the rail.';
comment on column public.payment_outbox_pending.hold is
'Why no worker may have the item: IN_DOUBT, PAYLOAD_MISMATCH, PAUSED or FIFO; null otherwise.';
comment on column public.payment_outbox_pending.redrive_no is
'How often an operator sent the item back to the queue after it had FAILED.';
comment on column public.payment_outbox_pending.budget_base is
'Attempts that do not count towards the retry ceiling: those before the last redrive.';
comment on column public.payment_outbox_pending.fifo is
'True where the item waits for earlier items of its participant.';
-- squawk-ignore require-concurrent-index-creation
create index idx_payment_outbox_pending_fifo
on public.payment_outbox_pending using btree (participant_id, sequence_id)
where fifo;
-- squawk-ignore require-concurrent-index-creation
create index idx_payment_outbox_pending_hold
on public.payment_outbox_pending using btree (hold, held_at)
where hold is not null;

alter table public.payment_outbox_attempts
-- squawk-ignore ban-drop-not-null
alter column payload drop not null;
comment on column public.payment_outbox_attempts.claimed_at is
'When the lease of the attempt was issued; without a lease, when the row was written.';
comment on column public.payment_outbox_attempts.lease_token is
'The lease that this row closed; null where an operator wrote the row.';
comment on column public.payment_outbox_attempts.worker_id is 'Who held the lease.';
comment on column public.payment_outbox_attempts.closed_by is
'Who wrote the row, if it was not the worker that held the lease.';
-- squawk-ignore require-concurrent-index-deletion
drop index public.idx_attempts_outbox_id;
-- squawk-ignore require-concurrent-index-deletion
drop index public.idx_attempts_instruction_idempotency;
-- A redriven item may fail again, each time once; the numbers of its attempts go on.
-- squawk-ignore require-concurrent-index-deletion
drop index public.ux_outbox_attempts_one_terminal_per_outbox;
alter index public.ux_outbox_attempts_one_terminal_0004
-- squawk-ignore renaming-object
rename to ux_outbox_attempts_one_terminal_per_outbox;

-- Its result becomes a record; the functions that call it are replaced in this transaction.
-- squawk-ignore ban-drop-function
drop function public._enqueue_outbox_item(
    uuid, text, text, text, text, jsonb, uuid, text, text, text
);
