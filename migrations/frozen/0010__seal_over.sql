-- _seal_over: the number of the seal that covers a row of attempts or attestations, or null where
-- it is not sealed yet. Rows from before there were positions are covered by their ids. The body
-- is bound to its names when it is created, so it needs no search_path.
-- Locks: none. Raises: nothing.
create or replace function public._seal_over(
    p_subject text,
    p_position bigint,
    p_row_id uuid
)
returns bigint
language sql
stable
begin atomic
    select
        coalesce(
            (
                select s.seal_no
                from public.ledger_seals as s
                where s.subject = p_subject and s.through_position >= p_position
                order by s.through_position
                limit 1
            ),
            (
                select s.seal_no
                from public.ledger_seals as s
                where p_position is null and s.subject = p_subject and s.through_id >= p_row_id
                order by s.through_id
                limit 1
            )
        ) as seal_no;
end;
comment on function public._seal_over(text, bigint, uuid) is
'Private: the seal that covers a row of the ledger, or null.';
revoke all on function public._seal_over(text, bigint, uuid) from public;
