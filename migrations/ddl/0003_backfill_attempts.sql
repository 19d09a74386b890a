-- Online route: the identities of the items that have attempts, in the physical order of the rows,
-- block after block: the history is read once from end to end, and no index of it at random.
--
-- None is missed. What a batch does not see was written after the triggers came (see
-- 0003_backfill_queue.sql) and has its identity from them; so it does not matter that rows are
-- appended behind the last block, or into free space that the cursor has passed. Rows do not move:
-- the table is append-only. Where it was rewritten in between (VACUUM FULL, CLUSTER), its file is
-- another one, and the cursor, which names the file, begins again.
-- The cursor is `file:next block:blocks in all`.
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
    -- as many blocks as hold about p_rows rows; a table that was never analyzed has few in each
    select
        v_next
        + greatest(
            1, p_rows * case when c.reltuples > 0 then c.relpages / c.reltuples else 0.1 end
        )::bigint
    into v_through
    from pg_catalog.pg_class as c
    where c.oid = 'public.payment_outbox_attempts'::regclass;

    select array_agg(distinct a.outbox_id), count(*)
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
