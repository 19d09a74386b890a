-- register_tenant: creates a tenant, or returns it when the same registration was made before.
-- Locks: the tenant's keys. Raises: P7111 invalid argument, P7101 the id or the key belongs to
-- another registration.
create or replace function public.register_tenant(
    p_tenant_id uuid,
    p_tenant_key text,
    p_tenant_name text,
    p_tenant_type text
)
returns table (
    tenant_id uuid,
    tenant_key text,
    status text,
    created_at timestamptz,
    created boolean
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    perform public._require_text('p_tenant_key', p_tenant_key, 'P7111');
    perform public._require_text('p_tenant_name', p_tenant_name, 'P7111');
    if p_tenant_id is null then
        raise exception 'p_tenant_id: must not be null'
            using
                errcode = 'P7111',
                column = 'p_tenant_id',
                constraint = 'not null';
    end if;
    if p_tenant_type is null
        or p_tenant_type not in ('NGO', 'COOPERATIVE', 'GOVERNMENT', 'COMMERCIAL')
    then
        raise exception 'p_tenant_type: must be NGO, COOPERATIVE, GOVERNMENT or COMMERCIAL'
            using
                errcode = 'P7111',
                column = 'p_tenant_type',
                constraint = 'NGO, COOPERATIVE, GOVERNMENT or COMMERCIAL';
    end if;

    return query
    insert into public.tenants as t (tenant_id, tenant_key, tenant_name, tenant_type)
    values (p_tenant_id, p_tenant_key, p_tenant_name, p_tenant_type)
    on conflict do nothing
    returning t.tenant_id, t.tenant_key, t.status, t.created_at, true;
    if found then
        return;
    end if;

    return query
    select t.tenant_id, t.tenant_key, t.status, t.created_at, false
    from public.tenants as t
    where
        t.tenant_id = p_tenant_id
        and t.tenant_key = p_tenant_key
        and t.tenant_name = p_tenant_name
        and t.tenant_type = p_tenant_type;
    if not found then
        raise exception 'p_tenant_key: the id or the key is registered with other content'
            using
                errcode = 'P7101',
                column = 'p_tenant_key',
                constraint = 'one key, one tenant';
    end if;
end;
$function$;
comment on function public.register_tenant(uuid, text, text, text) is
'Registers a tenant; the same registration again returns it.';
revoke all on function public.register_tenant(uuid, text, text, text) from public;
grant execute on function public.register_tenant(uuid, text, text, text) to symphony_control;
