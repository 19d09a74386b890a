-- _in_scope: whether an item of this rail and tenant belongs to a scope of outbox_controls. The
-- body is bound to its operators when it is created, so it needs no search_path and the planner can
-- inline it.
-- Locks: none. Raises: nothing.
create or replace function public._in_scope(
    p_scope text,
    p_scope_key text,
    p_rail_type text,
    p_tenant_id uuid
)
returns boolean
language sql
stable
begin atomic
    select
        p_scope = 'QUEUE'
        or (p_scope = 'RAIL' and p_scope_key = p_rail_type)
        or (p_scope = 'TENANT' and p_scope_key = p_tenant_id::text) as in_scope;
end;
comment on function public._in_scope(text, text, text, uuid) is
'Private: whether an item is of the queue, rail or tenant that a control names.';
revoke all on function public._in_scope(text, text, text, uuid) from public;
