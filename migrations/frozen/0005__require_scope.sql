-- _require_scope: refuses a scope of controls that does not exist, and gives its key the form in
-- which items are compared with it. A tenant must be known: a pause of a mistyped one would do
-- nothing, and nobody would notice.
-- Locks: none. Raises: P711D scope or key.
create or replace function public._require_scope(
    p_scope text,
    p_scope_key text
)
returns text
language plpgsql
stable
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_key text := p_scope_key;
begin
    if p_scope is null or p_scope not in ('QUEUE', 'RAIL', 'TENANT') then
        raise exception 'p_scope: must be QUEUE, RAIL or TENANT'
            using errcode = 'P711D', column = 'p_scope', constraint = 'QUEUE, RAIL or TENANT';
    end if;
    if p_scope = 'TENANT' and pg_input_is_valid(p_scope_key, 'uuid') then
        select t.tenant_id::text into v_key
        from public.tenants as t
        where t.tenant_id = p_scope_key::uuid;
    elsif p_scope = 'TENANT'
        or (p_scope = 'QUEUE' and p_scope_key <> '*')
        or (p_scope = 'RAIL' and not public._is_identifier(p_scope_key))
    then
        v_key := null;
    end if;
    if v_key is null then
        raise exception 'p_scope_key: must be * for QUEUE, a rail, or a known tenant''s id'
            using
                errcode = 'P711D',
                column = 'p_scope_key',
                constraint = '* for QUEUE, a rail, or a known tenant''s id';
    end if;
    return v_key;
end;
$function$;
comment on function public._require_scope(text, text) is
'Private: the key of a scope in the form in which items are compared with it.';
revoke all on function public._require_scope(text, text) from public;
