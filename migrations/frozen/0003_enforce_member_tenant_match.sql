-- enforce_member_tenant_match: a member named on an attestation belongs to its tenant (trigger
-- function).
-- Locks: none. Raises: 23503 unknown member, P7201 tenant missing, P7202 member of another tenant.
create or replace function public.enforce_member_tenant_match()
returns trigger
language plpgsql
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_tenant_id uuid;
begin
    if new.member_id is null then
        return new;
    end if;
    select m.tenant_id into v_tenant_id
    from public.tenant_members as m
    where m.member_id = new.member_id;
    if not found then
        raise exception 'member % does not exist', new.member_id using errcode = '23503';
    end if;
    if new.tenant_id is null then
        raise exception 'an attestation with a member needs a tenant' using errcode = 'P7201';
    end if;
    if new.tenant_id <> v_tenant_id then
        raise exception 'member % belongs to another tenant', new.member_id using errcode = 'P7202';
    end if;
    return new;
end;
$function$;
comment on function public.enforce_member_tenant_match() is
'Refuses an attestation whose member belongs to another tenant.';
revoke all on function public.enforce_member_tenant_match() from public;
