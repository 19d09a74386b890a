-- What the explorer asks of a database at head, and how it begins and ends a schedule.
insert into public.tenants (tenant_id, tenant_key, tenant_name, tenant_type)
values ('0f000000-0000-4000-8000-000000000001', 'tenant', 'Tenant', 'COMMERCIAL');

create function explorer.reset()
returns void
language sql
as $$
    delete from public.payment_outbox_pending;
    delete from public.outbox_controls;
    select setval('public.outbox_due_mark', 0), setval('public.outbox_due_sweep', 0);
$$;

-- What is left to do is done: pauses end, leases run out, workers complete, doubts are resolved.
create function explorer.drain()
returns void
language plpgsql
as $$
declare
    v_ids uuid[];
    v_tokens uuid[];
begin
    update public.outbox_controls as c set paused = false where c.paused;
    for v_round in 1 .. 8 loop
        exit when not exists (select from public.payment_outbox_pending);
        perform explorer.tick(3600);
        perform public.repair_expired_leases(1000, 'drain');
        perform public.resolve_outbox_item(
            p.outbox_id, 'DISPATCHED', 'drain', 'the rail said so', 'reference'
        )
        from public.payment_outbox_pending as p
        where p.hold = 'IN_DOUBT';
        perform explorer.tick(2);

        select array_agg(c.outbox_id), array_agg(c.lease_token) into v_ids, v_tokens
        from public.claim_outbox_items(1000, 'drain', 60) as c;
        if v_ids is not null then
            perform public.complete_outbox_attempts(
                'drain', v_ids, v_tokens,
                array_fill('DISPATCHED'::public.outbox_attempt_state, array[cardinality(v_ids)]),
                array_fill('reference'::text, array[cardinality(v_ids)])
            );
        end if;
    end loop;
end;
$$;

-- Everything that the database holds about the items of a schedule.
create function explorer.held(p_n text)
returns json
language plpgsql
set enable_seqscan = off
as $$
begin
    return (
        with item as materialized (
            select i.outbox_id, i.tenant_id, i.instruction_id, i.idempotency_key, i.participant_id
            from public.payment_outbox_identities as i
            where i.instruction_id = any(array['i1-' || p_n, 'i2-' || p_n, 'i3-' || p_n])
        )

        select json_build_object(
            'identities', (select json_agg(i) from item as i),
            'pending', (
                select json_agg(p)
                from item as i
                inner join public.payment_outbox_pending as p on i.outbox_id = p.outbox_id
            ),
            'attempts', (
                select json_agg(a order by a.outbox_id, a.attempt_no)
                from item as i
                inner join public.payment_outbox_attempts as a on i.outbox_id = a.outbox_id
            ),
            'late', (
                select json_agg(l)
                from item as i
                inner join public.payment_outbox_late_results as l on i.outbox_id = l.outbox_id
            ),
            'outcomes', (
                select json_agg(o)
                from item as i
                inner join public.payment_outbox_outcomes as o on i.outbox_id = o.outbox_id
            ),
            'counters', (
                select json_agg(s)
                from public.participant_outbox_sequences as s
                where s.participant_id = any(array['p-' || p_n, 'q-' || p_n])
            ),
            'ordering', (
                select coalesce(bool_or(c.ordering <> 'NONE'), false)
                from public.outbox_controls as c
            ),
            'drift', (select json_agg(d) from public.outbox_counter_drift() as d),
            'behind_seals', (
                select json_agg(latest.seal_no)
                from (
                    select s.seal_no, s.subject, s.after_position, s.through_position, s.row_count
                    from public.ledger_seals as s
                    where s.through_position is not null
                    order by s.seal_no desc
                    limit 6
                ) as latest
                where latest.row_count <> case latest.subject
                    when 'ATTESTATIONS' then (
                        select count(*)
                        from public.ingress_attestations as t
                        where
                            t.ledger_position > latest.after_position
                            and t.ledger_position <= latest.through_position
                    )
                    else (
                        select count(*)
                        from public.payment_outbox_attempts as a
                        where
                            a.ledger_position > latest.after_position
                            and a.ledger_position <= latest.through_position
                    ) + (
                        select count(*)
                        from public.ledger_retired_leaves as r
                        where
                            r.ledger_position > latest.after_position
                            and r.ledger_position <= latest.through_position
                    )
                end
            )
        )
    );
end;
$$;
