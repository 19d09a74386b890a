-- number_participant_monotonically: an operator lets the numbers of a participant have holes from
-- now on. They still grow and are never used twice, but come from a sequence and not from the
-- participant's counter: payments of one hot participant then do not wait for each other's commits.
-- There is no way back: what has holes cannot promise to have none. The counter stays where it was
-- and shows up to which number there are none.
-- Locks: the participant's counter row, until commit. Raises: P7113 participant, P711C actor or
-- reason.
create or replace function public.number_participant_monotonically(
    p_participant_id text,
    p_actor text,
    p_reason text
)
returns table (participant_id text, monotonic_from bigint, changed boolean)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    perform public._require_operator(p_actor, p_reason);
    perform public._require_text('p_participant_id', p_participant_id, 'P7113');
    -- From the first number on, payments ask whether their participant is numbered so.
    perform nextval('public.participant_outbox_numbers');
    insert into public.participant_outbox_sequences as s (
        participant_id, next_sequence_id, monotonic_from
    )
    values (p_participant_id, 1, 0)
    on conflict on constraint participant_outbox_sequences_pkey do update
        set monotonic_from = s.next_sequence_id - 1
        where s.monotonic_from is null
    returning s.participant_id, s.monotonic_from, true
    into participant_id, monotonic_from, changed;
    if found then
        insert into public.payment_outbox_operator_actions (
            action, scope, scope_key, actor, reason, detail
        )
        values (
            'SET_CONTROL', 'PARTICIPANT', p_participant_id, btrim(p_actor), btrim(p_reason),
            jsonb_build_object('numbering', 'MONOTONIC', 'monotonic_from', monotonic_from)
        );
    else
        select s.participant_id, s.monotonic_from, false
        into participant_id, monotonic_from, changed
        from public.participant_outbox_sequences as s
        where s.participant_id = p_participant_id;
    end if;
    return next;
end;
$function$;
comment on function public.number_participant_monotonically(text, text, text) is
'Lets a participant''s numbers have holes from now on, so that its payments do not wait.';
revoke all on function public.number_participant_monotonically(text, text, text) from public;
grant execute on function public.number_participant_monotonically(text, text, text)
to symphony_control;
