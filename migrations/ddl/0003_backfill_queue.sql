-- Online route: the identities of the items on the queue, in the order of their ids.
--
-- None is missed. Both triggers were there before the first batch began, and to hang them up waited
-- for everyone who had written: a row that a batch does not see was written after that, so its
-- trigger gave the item its identity. An item that leaves the queue ahead of the batches does so by
-- an attempt, whose trigger did.
-- Locks: the keys of the identities it writes, until the end of the batch.
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
    return query
    select
        case when cardinality(v_ids) = p_rows then v_ids[p_rows]::text end,
        coalesce(cardinality(v_ids), 0)::bigint;
end;
$function$;
