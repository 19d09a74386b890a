-- bump_participant_outbox_seq: takes the next sequence number of a participant, gapless unless the
-- participant is numbered monotonically. Called by the outbox functions only: nobody else may burn
-- numbers. Locks: the participant's counter row, until commit. Raises: P7113 participant.
create or replace function public.bump_participant_outbox_seq(
    p_participant_id text
)
returns bigint
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_sequence_id bigint;
begin
    perform public._require_text('p_participant_id', p_participant_id, 'P7113');
    insert into public.participant_outbox_sequences as s (participant_id, next_sequence_id)
    values (p_participant_id, 2)
    on conflict (participant_id) do update
        set
            next_sequence_id = s.next_sequence_id
            + case when s.monotonic_from is null then 1 else 0 end
    returning
        case
            when s.monotonic_from is null then s.next_sequence_id - 1
            else s.monotonic_from + nextval('public.participant_outbox_numbers')
        end
    into v_sequence_id;
    return v_sequence_id;
end;
$function$;
comment on function public.bump_participant_outbox_seq(text) is
'Takes the next sequence number of the participant; rolled back with the transaction.';
revoke all on function public.bump_participant_outbox_seq(text) from public;
