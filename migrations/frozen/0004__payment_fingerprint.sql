-- _payment_fingerprint: SHA-256 over everything that an idempotency key is bound to: participant,
-- rail and the payload's own bytes. Lengths keep the parts apart. The body is bound to its
-- functions when it is created, so it needs no search_path and the planner can inline it.
-- Locks: none. Raises: nothing.
create or replace function public._payment_fingerprint(
    p_participant_id text,
    p_rail_type text,
    p_payload text
)
returns bytea
language sql
stable
begin atomic
    select sha256(
        convert_to(
            length(p_participant_id)::text || ':' || p_participant_id
            || length(p_rail_type)::text || ':' || p_rail_type
            || p_payload,
            'UTF8'
        )
    ) as fingerprint;
end;
comment on function public._payment_fingerprint(text, text, text) is
'Private: SHA-256 of participant, rail and payload bytes, 32 bytes.';
revoke all on function public._payment_fingerprint(text, text, text) from public;
