-- _rail_key: the idempotency key for the rail, 32 hex digits: the same for the same (tenant,
-- instruction, key), whatever happens to this database. A failover may lose an outbox id that a
-- rail has seen, never the identity.
-- Locks: none. Raises: nothing.
create or replace function public._rail_key(
    p_tenant_id uuid,
    p_instruction_id text,
    p_idempotency_key text
)
returns text
language sql
stable
begin atomic
    select left(
        encode(
            sha256(
                convert_to(
                    coalesce(p_tenant_id::text, '') || ':'
                    || length(p_instruction_id)::text || ':' || p_instruction_id
                    || p_idempotency_key,
                    'UTF8'
                )
            ),
            'hex'
        ),
        32
    ) as rail_key;
end;
comment on function public._rail_key(uuid, text, text) is
'Private: the idempotency key that the rail gets, derived from the identity.';
revoke all on function public._rail_key(uuid, text, text) from public;
