-- The payload moves to the identity registry, once per item; queue and attempts stop copying it.
-- The registry's unique key is stronger than those of the queue and of the attempts' index, which
-- go: they were most of the work of a claim.
-- Locks: ACCESS EXCLUSIVE on registry, queue and attempts, for changes of the catalog and while the
-- registry's key is built anew; the only rows written are identities.
set local lock_timeout = '2s';

-- The tenant comes last in the key: a look-up without a tenant finds its place in the index too.
alter table public.payment_outbox_identities
add column payload json,
-- squawk-ignore ban-drop-constraint
drop constraint ux_outbox_identities_key,
-- squawk-ignore constraint-missing-not-valid, disallowed-unique-constraint
add constraint ux_outbox_identities_key
unique nulls not distinct (instruction_id, idempotency_key, tenant_id);
comment on column public.payment_outbox_identities.payload is
'The payload''s own bytes; null for items that ended before revision 0004: their attempts have it.';
-- A call that waited for revision 0003, in the middle of an older function, has queued its item
-- without an identity since, and a worker may have sent it. While nobody else can queue or complete
-- one, they get it here.
lock table public.payment_outbox_pending in access exclusive mode;
insert into public.payment_outbox_identities (
    outbox_id, tenant_id, instruction_id, idempotency_key, participant_id, rail_type, fingerprint,
    created_at
)
select
    known.outbox_id,
    known.tenant_id,
    known.instruction_id,
    known.idempotency_key,
    known.participant_id,
    known.rail_type,
    public._outbox_fingerprint(known.participant_id, known.rail_type, known.payload) as fingerprint,
    known.created_at
from (
    select
        p.outbox_id,
        p.tenant_id,
        p.instruction_id,
        p.idempotency_key,
        p.participant_id,
        p.rail_type,
        p.payload,
        p.created_at
    from public.payment_outbox_pending as p
    union all
    -- Ended: an item that goes on has its row above.
    select
        a.outbox_id,
        a.tenant_id,
        a.instruction_id,
        a.idempotency_key,
        a.participant_id,
        a.rail_type,
        a.payload,
        a.created_at
    from public.payment_outbox_attempts as a
    where a.state in ('DISPATCHED', 'FAILED')
) as known
where
    not exists (
        select
        from public.payment_outbox_identities as i
        where i.outbox_id = known.outbox_id
    )
on conflict do nothing;
-- An item that is on the queue now will end without a copy in its attempts.
alter table public.payment_outbox_identities
disable trigger trg_deny_outbox_identities_mutation;
update public.payment_outbox_identities as i
set payload = p.payload::text::json
from public.payment_outbox_pending as p
where i.outbox_id = p.outbox_id;
alter table public.payment_outbox_identities
enable always trigger trg_deny_outbox_identities_mutation;

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
alter column payload drop not null,
add column lease_token uuid,
add column dispatch_started_at timestamptz,
add column closed_by text,
add column redrive_no integer not null default 0;
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
-- squawk-ignore require-concurrent-index-creation
create unique index ux_outbox_attempts_one_terminal_per_outbox
on public.payment_outbox_attempts using btree (outbox_id, redrive_no)
where state in ('DISPATCHED', 'FAILED');
-- squawk-ignore require-concurrent-index-creation
create index idx_attempts_failed
on public.payment_outbox_attempts using btree (completed_at, outbox_id)
where state = 'FAILED';

-- Its result becomes a record; the functions that call it are replaced in this transaction.
-- squawk-ignore ban-drop-function
drop function public._enqueue_outbox_item(
    uuid, text, text, text, text, jsonb, uuid, text, text, text
);
