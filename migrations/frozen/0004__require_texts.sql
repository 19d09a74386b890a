-- _require_texts: the rule for identifiers that callers choose, for a list of them (see
-- _is_identifier). The DETAIL names the first place that breaks it, counted from 1.
-- Locks: none. Raises: the SQLSTATE given by the caller, with the parameter as COLUMN and the rule
-- as CONSTRAINT.
create or replace function public._require_texts(
    p_parameter text,
    p_values text[],
    p_sqlstate text
)
returns void
language plpgsql
immutable
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_place bigint;
begin
    select g.place into v_place
    from unnest(p_values) with ordinality as g (value, place)
    where not public._is_identifier(g.value)
    order by g.place
    limit 1;
    if found then
        raise exception '%: must be 1 to 200 characters, no end blanks, no control characters',
            p_parameter
            using
                errcode = p_sqlstate,
                column = p_parameter,
                constraint = '1 to 200 characters, no end blanks, no control characters',
                detail = format('item %s', v_place);
    end if;
end;
$function$;
comment on function public._require_texts(text, text[], text) is
'Private: refuses a list of identifiers of which one breaks the rule.';
revoke all on function public._require_texts(text, text[], text) from public;
