-- _may_be_passed: whether later items of a participant may pass a blocked one of this rail and
-- tenant: where some control says FIFO_SKIP and none says FIFO_BLOCK.
-- Locks: none. Raises: nothing.
create or replace function public._may_be_passed(
    p_rail_type text,
    p_tenant_id uuid
)
returns boolean
language sql
stable
begin atomic
    select coalesce(bool_and(c.ordering = 'FIFO_SKIP'), false) as may_be_passed
    from public.outbox_controls as c
    where
        c.ordering <> 'NONE'
        and public._in_scope(c.scope, c.scope_key, p_rail_type, p_tenant_id);
end;
comment on function public._may_be_passed(text, uuid) is
'Private: true where the ordering is FIFO_SKIP.';
revoke all on function public._may_be_passed(text, uuid) from public;
