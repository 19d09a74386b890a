-- _ordered_by_participant: whether an item of this rail and tenant waits for earlier items of its
-- participant.
-- Locks: none. Raises: nothing.
create or replace function public._ordered_by_participant(
    p_rail_type text,
    p_tenant_id uuid
)
returns boolean
language sql
stable
begin atomic
    select coalesce(bool_or(c.ordering <> 'NONE'), false) as ordered
    from public.outbox_controls as c
    where public._in_scope(c.scope, c.scope_key, p_rail_type, p_tenant_id);
end;
comment on function public._ordered_by_participant(text, uuid) is
'Private: true where the controls ask for the order of the participant.';
revoke all on function public._ordered_by_participant(text, uuid) from public;
