-- _require_horizon: the rule for the time before which history may be retired.
-- Locks: none. Raises: P711F.
create or replace function public._require_horizon(p_before timestamptz)
returns void
language plpgsql
stable
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_days integer := public._retention_days_min();
begin
    if p_before is null
        or not isfinite(p_before)
        or p_before > clock_timestamp() - make_interval(days => v_days)
    then
        raise exception 'p_before: must be at least % days ago', v_days
            using
                errcode = 'P711F',
                column = 'p_before',
                constraint = 'as long ago as symphony.retention_days_min says',
                hint = 'alter database ... set symphony.retention_days_min changes the limit.';
    end if;
end;
$function$;
comment on function public._require_horizon(timestamptz) is
'Private: refuses a horizon that is younger than the limit of the database.';
revoke all on function public._require_horizon(timestamptz) from public;
