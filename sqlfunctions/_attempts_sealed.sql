-- _attempts_sealed: whether every attempt of an item is under a seal of the ledger, so that its
-- removal can be told from tampering.
-- Locks: none. Raises: nothing.
create or replace function public._attempts_sealed(p_outbox_id uuid)
returns boolean
language sql
stable
begin atomic
    with sealed as (
        select
            (
                select max(s.through_position) as through_position
                from public.ledger_seals as s
                where s.subject = 'ATTEMPTS'
            ) as through_position,
            (
                select s.through_id
                from public.ledger_seals as s
                where s.subject = 'ATTEMPTS' and s.through_id is not null
                order by s.through_id desc
                limit 1
            ) as through_id
    )

    select
        coalesce(
            bool_and(
                coalesce(
                    a.ledger_position <= sealed.through_position,
                    a.ledger_position is null and a.attempt_id <= sealed.through_id,
                    false
                )
            ),
            true
        ) as sealed
    from public.payment_outbox_attempts as a
    cross join sealed
    where a.outbox_id = p_outbox_id;
end;
comment on function public._attempts_sealed(uuid) is
'Private: true where every attempt of the item is sealed.';
revoke all on function public._attempts_sealed(uuid) from public;
