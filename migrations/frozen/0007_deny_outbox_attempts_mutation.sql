-- deny_outbox_attempts_mutation: keeps the attempts append-only (trigger function, for rows and for
-- TRUNCATE). One thing passes: the DELETE of an attempt whose hash is kept and whose item has an
-- outcome, written in this very transaction by a retention run whose horizon the attempt was
-- complete before. The data decide and no setting, so nobody deletes without leaving that record,
-- the owner included.
-- Locks: none. Raises: P0001, otherwise always.
create or replace function public.deny_outbox_attempts_mutation()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    if tg_op = 'DELETE' and exists (
        select
        from public.payment_outbox_outcomes as o
        inner join public.ledger_retention_runs as r on o.run_id = r.run_id
        inner join public.ledger_retired_leaves as l on o.outbox_id = l.outbox_id
        where
            o.outbox_id = old.outbox_id
            and l.attempt_id = old.attempt_id
            and o.attempts >= old.attempt_no
            and r.transaction_id = pg_current_xact_id_if_assigned()
            and coalesce(old.completed_at, old.created_at) < r.horizon
    ) then
        return old;
    end if;
    raise exception 'payment_outbox_attempts is append-only' using errcode = 'P0001';
end;
$function$;
comment on function public.deny_outbox_attempts_mutation() is
'Refuses changes to rows of payment_outbox_attempts, except by a retention run.';
revoke all on function public.deny_outbox_attempts_mutation() from public;
