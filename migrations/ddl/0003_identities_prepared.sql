-- What is left of 0003_identities.sql where its work was done before: the registry is there and
-- full (0003_registry.sql and those after it).
-- Locks: ACCESS EXCLUSIVE on queue and attempts, for changes of the catalog and a key of the queue,
-- which is small by design.
set local lock_timeout = '2s';
lock table public.payment_outbox_pending,
public.payment_outbox_attempts in access exclusive mode;

-- Nothing is left to do here, unless somebody took a trigger away.
do $do$
begin
    perform public._identify_outbox_items(array(
        select p.outbox_id
        from public.payment_outbox_pending as p
        where
            not exists (
                select
                from public.payment_outbox_identities as i
                where i.outbox_id = p.outbox_id
            )
    ));
end;
$do$;
drop trigger trg_identify_queued_item on public.payment_outbox_pending;
drop trigger trg_identify_recorded_item on public.payment_outbox_attempts;
-- squawk-ignore ban-drop-function
drop function public.identify_written_item();
-- squawk-ignore ban-drop-function
drop function public._identify_outbox_items(uuid[]);

-- Two tenants may use the same instruction id and key. The queue keeps a unique key of its own for
-- calls that began under the functions of an earlier revision.
alter table public.payment_outbox_pending
-- squawk-ignore ban-drop-constraint
drop constraint ux_pending_idempotency,
-- squawk-ignore constraint-missing-not-valid, disallowed-unique-constraint
add constraint ux_pending_tenant_idempotency
unique nulls not distinct (tenant_id, instruction_id, idempotency_key);
