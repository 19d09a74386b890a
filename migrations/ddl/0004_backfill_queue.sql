-- Online route: the items on the queue get the identity that they may lack, because their call
-- waited for revision 0003 in the middle of an older function, and their payload in the registry.
-- None is missed, by the argument of 0003_backfill_queue.sql: the triggers are there again.
-- Locks: the identities that it writes, until the end of the batch.
create or replace function pg_temp.ledgerdb_rows()
returns bigint
language sql
stable
begin atomic
    select count(*) as row_count
    from public.payment_outbox_pending;
end;

create or replace function pg_temp.ledgerdb_batch(p_after text, p_rows integer)
returns table (last text, done bigint)
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_ids uuid[];
begin
    select array_agg(batch.outbox_id order by batch.outbox_id)
    into v_ids
    from (
        select p.outbox_id
        from public.payment_outbox_pending as p
        where p.outbox_id > coalesce(p_after::uuid, '00000000-0000-0000-0000-000000000000')
        order by p.outbox_id
        limit p_rows
    ) as batch;
    perform public._identify_outbox_items(v_ids);
    update public.payment_outbox_identities as i
    set payload = p.payload::text::json
    from public.payment_outbox_pending as p
    where i.outbox_id = any(v_ids) and p.outbox_id = i.outbox_id and i.payload is null;
    return query
    select
        case when cardinality(v_ids) = p_rows then v_ids[p_rows]::text end,
        coalesce(cardinality(v_ids), 0)::bigint;
end;
$function$;
