-- _require_operator: refuses an act that does not say who did it and why.
-- Locks: none. Raises: P711C actor or reason.
create or replace function public._require_operator(
    p_actor text,
    p_reason text
)
returns void
language plpgsql
immutable
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    if not public._is_identifier(btrim(p_actor)) then
        raise exception 'p_actor: must be 1 to 200 characters, no control characters'
            using
                errcode = 'P711C',
                column = 'p_actor',
                constraint = '1 to 200 characters, no control characters';
    end if;
    if coalesce(length(btrim(p_reason)), 0) not between 1 and 1000 then
        raise exception 'p_reason: must be 1 to 1000 characters'
            using errcode = 'P711C', column = 'p_reason', constraint = '1 to 1000 characters';
    end if;
end;
$function$;
comment on function public._require_operator(text, text) is
'Private: refuses an actor or a reason that is missing or too long.';
revoke all on function public._require_operator(text, text) from public;
