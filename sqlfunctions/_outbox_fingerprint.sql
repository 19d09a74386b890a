-- _outbox_fingerprint: SHA-256 over everything that an idempotency key is bound to. A JSON array
-- keeps the parts apart.
-- Locks: none. Raises: nothing.
create or replace function public._outbox_fingerprint(
    p_participant_id text,
    p_rail_type text,
    p_payload jsonb
)
returns bytea
language sql
stable
set search_path = pg_catalog, public, pg_temp
begin atomic
    select sha256(
        convert_to(jsonb_build_array(p_participant_id, p_rail_type, p_payload)::text, 'UTF8')
    ) as fingerprint;
end;
comment on function public._outbox_fingerprint(text, text, jsonb) is
'Private: SHA-256 of participant, rail and payload, 32 bytes.';
revoke all on function public._outbox_fingerprint(text, text, jsonb) from public;
