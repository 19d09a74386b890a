-- _require_text: refuses an identifier that breaks the rule (see _is_identifier).
-- Locks: none. Raises: the SQLSTATE given by the caller, with the parameter as COLUMN and the rule
-- as CONSTRAINT.
create or replace function public._require_text(
    p_parameter text,
    p_value text,
    p_sqlstate text
)
returns void
language plpgsql
immutable
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    if not public._is_identifier(p_value) then
        raise exception '%: must be 1 to 200 characters, no end blanks, no control characters',
            p_parameter
            using
                errcode = p_sqlstate,
                column = p_parameter,
                constraint = '1 to 200 characters, no end blanks, no control characters';
    end if;
end;
$function$;
comment on function public._require_text(text, text, text) is
'Private: refuses an identifier that breaks the rule, under the SQLSTATE of its parameter.';
revoke all on function public._require_text(text, text, text) from public;
