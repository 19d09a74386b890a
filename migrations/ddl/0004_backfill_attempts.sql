-- Online route: an item whose call waited for revision 0003 may have ended since, without an
-- identity. It gets it here; the others are only looked up. None is missed, and the cursor is what
-- it is, by the arguments of 0003_backfill_attempts.sql: the triggers are there again.
-- Locks: the keys of the identities it writes, until the end of the batch.
create or replace function pg_temp.ledgerdb_rows()
returns bigint
language sql
stable
begin atomic
    select
        (
            pg_relation_size(c.oid) / current_setting('block_size')::bigint
            * case when c.reltuples > 0 then c.reltuples / c.relpages else 10 end
        )::bigint as row_count
    from pg_catalog.pg_class as c
    where c.oid = 'public.payment_outbox_attempts'::regclass;
end;

create or replace function pg_temp.ledgerdb_batch(p_after text, p_rows integer)
returns table (last text, done bigint)
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_file bigint := pg_relation_filenode('public.payment_outbox_attempts'::regclass);
    v_next bigint := 0;
    v_blocks bigint;
    v_through bigint;
    v_ids uuid[];
    v_rows bigint;
begin
    if split_part(p_after, ':', 1) = v_file::text then
        v_next := split_part(p_after, ':', 2)::bigint;
        v_blocks := split_part(p_after, ':', 3)::bigint;
    else
        v_blocks := pg_relation_size('public.payment_outbox_attempts'::regclass)
            / current_setting('block_size')::bigint;
    end if;
    select
        v_next
        + greatest(
            1, p_rows * case when c.reltuples > 0 then c.relpages / c.reltuples else 0.1 end
        )::bigint
    into v_through
    from pg_catalog.pg_class as c
    where c.oid = 'public.payment_outbox_attempts'::regclass;

    select
        array_agg(distinct a.outbox_id) filter (
            where
            not exists (
                select
                from public.payment_outbox_identities as i
                where i.outbox_id = a.outbox_id
            )
        ),
        count(*)
    into v_ids, v_rows
    from public.payment_outbox_attempts as a
    where
        a.ctid >= format('(%s,0)', v_next)::tid
        and a.ctid < format('(%s,0)', v_through)::tid;
    perform public._identify_outbox_items(v_ids);
    return query
    select
        case when v_through < v_blocks then format('%s:%s:%s', v_file, v_through, v_blocks) end,
        v_rows;
end;
$function$;
