-- What the explorer asks of a database at revision 0001, and how it begins and ends a schedule.
create function explorer.reset()
returns void
language sql
as $$
    delete from public.payment_outbox_pending
$$;

create function explorer.drain()
returns void
language plpgsql
as $$
declare
    v_lease record;
begin
    for v_round in 1 .. 4 loop
        perform explorer.tick(3600), set_config('explorer.began', '', true);
        begin
            perform public.repair_expired_leases(1000, 'drain');
        exception
            when ambiguous_column then null;
        end;
        for v_lease in
            select c.outbox_id, c.lease_token from public.claim_outbox_batch(1000, 'drain', 60) as c
        loop
            begin
                perform public.complete_outbox_attempt(
                    v_lease.outbox_id, v_lease.lease_token, 'drain', 'DISPATCHED'
                );
            exception
                when unique_violation then null;
            end;
        end loop;
    end loop;
end;
$$;

create function explorer.held(p_n text)
returns json
language plpgsql
set enable_seqscan = off
as $$
begin
    return (
        select json_build_object(
            'pending', (
                select json_agg(p)
                from public.payment_outbox_pending as p
                where p.instruction_id = any(array['i1-' || p_n, 'i2-' || p_n])
            ),
            'attempts', (
                select json_agg(a order by a.outbox_id, a.attempt_no)
                from public.payment_outbox_attempts as a
                where a.instruction_id = any(array['i1-' || p_n, 'i2-' || p_n])
            ),
            'counters', (
                select json_agg(s)
                from public.participant_outbox_sequences as s
                where s.participant_id = any(array['p-' || p_n, 'q-' || p_n])
            )
        )
    );
end;
$$;
