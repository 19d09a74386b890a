-- _require_leases: the rule for a worker's list of leases.
-- Locks: none. Raises: P7117 worker id, P7118 number of items.
create or replace function public._require_leases(
    p_outbox_ids uuid[],
    p_lease_tokens uuid[],
    p_worker_id text
)
returns void
language plpgsql
immutable
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    perform public._require_text('p_worker_id', p_worker_id, 'P7117');
    if coalesce(cardinality(p_outbox_ids), 0) not between 1 and 10000
        or cardinality(p_outbox_ids) is distinct from cardinality(p_lease_tokens)
    then
        raise exception 'p_outbox_ids: must be 1 to 10000 ids, with as many tokens'
            using
                errcode = 'P7118',
                column = 'p_outbox_ids',
                constraint = '1 to 10000 ids, as many tokens';
    end if;
end;
$function$;
comment on function public._require_leases(uuid[], uuid[], text) is
'Private: refuses a list of leases that breaks its limits.';
revoke all on function public._require_leases(uuid[], uuid[], text) from public;
