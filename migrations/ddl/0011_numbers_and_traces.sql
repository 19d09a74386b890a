-- A participant may be numbered monotonically, an item keeps the trace that it was accepted in, and
-- a payload has a sum that is quick to compare. What was there before has none of them.
-- Locks: ACCESS EXCLUSIVE on the three tables, for changes of the catalog.
alter table public.participant_outbox_sequences add column monotonic_from bigint;
comment on column public.participant_outbox_sequences.monotonic_from is
'The last number without a hole before it; the numbers after it come from a sequence. Null: all.';
create sequence public.participant_outbox_numbers as bigint;
comment on sequence public.participant_outbox_numbers is
'How far the monotonic numbers of participants are beyond their counters; shared, so with holes.';
revoke all on sequence public.participant_outbox_numbers from public;

alter table public.payment_outbox_pending add column trace_context text;
alter table public.payment_outbox_pending
alter column trace_context set default nullif(
    current_setting('ledgerdb.trace_context', true), ''
);
comment on column public.payment_outbox_pending.trace_context is
'The trace that the item was accepted in (W3C traceparent), of the setting of its transaction.';
alter table public.payment_outbox_identities add column payload_sum bigint;
comment on column public.payment_outbox_identities.payload_sum is
'A quick hash of the payload, for claims; where it is null or another one, fingerprints decide.';
grant select (trace_context) on public.payment_outbox_pending
to symphony_control, symphony_readonly, symphony_auditor;
