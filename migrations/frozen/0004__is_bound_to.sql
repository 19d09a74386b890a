-- _is_bound_to: whether a fingerprint in the registry is that of this content. Identities from
-- before revision 0004 are bound to the payload's JSON value instead of its bytes (see
-- _outbox_fingerprint); theirs is computed only where the other does not match and the text is
-- JSON that has a value, so that bytes that were tampered with are a mismatch and no error. The
-- body is bound to its functions when it is created, so it needs no search_path.
-- Locks: none. Raises: nothing.
create or replace function public._is_bound_to(
    p_fingerprint bytea,
    p_participant_id text,
    p_rail_type text,
    p_payload text
)
returns boolean
language sql
stable
begin atomic
    select
        case
            when
                p_fingerprint
                = public._payment_fingerprint(p_participant_id, p_rail_type, p_payload)
                then true
            when pg_input_is_valid(p_payload, 'jsonb')
                then p_fingerprint = public._outbox_fingerprint(
                    p_participant_id, p_rail_type, p_payload::jsonb
                )
            else false
        end as is_bound_to;
end;
comment on function public._is_bound_to(bytea, text, text, text) is
'Private: whether a fingerprint is that of participant, rail and payload.';
revoke all on function public._is_bound_to(bytea, text, text, text) from public;
