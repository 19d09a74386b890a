-- _nth_uuid: the n-th identifier after the first of a set: the last 48 bits, which are random,
-- count on. A set takes one random number and not one for each row (a server without OpenSSL reads
-- each from the kernel), and its rows stay in the order of their places. Never for secrets.
-- Locks: none. Raises: nothing.
create or replace function public._nth_uuid(p_first uuid, p_nth bigint)
returns uuid
language sql
immutable
begin atomic
    select (
        left(p_first::text, 24)
        || lpad(
            to_hex(
                (('x' || right(p_first::text, 12))::bit(48)::bigint + p_nth) & 281474976710655
            ),
            12, '0'
        )
    )::uuid as nth_uuid;
end;
comment on function public._nth_uuid(uuid, bigint) is
'Private: the n-th identifier after the first of a set.';
revoke all on function public._nth_uuid(uuid, bigint) from public;
