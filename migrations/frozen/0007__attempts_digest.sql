-- _attempts_digest: SHA-256 over the hashes of all attempts of an item, in the order of their
-- numbers (see _attempt_leaf).
-- Locks: none. Raises: nothing.
create or replace function public._attempts_digest(p_outbox_id uuid)
returns bytea
language sql
stable
begin atomic
    select
        sha256(
            string_agg(public._attempt_leaf(a), ''::bytea order by a.attempt_no)
        ) as digest
    from public.payment_outbox_attempts as a
    where a.outbox_id = p_outbox_id;
end;
comment on function public._attempts_digest(uuid) is
'Private: SHA-256 over the attempts of an item; null where it has none.';
revoke all on function public._attempts_digest(uuid) from public;
