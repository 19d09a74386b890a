-- inspect_outbox_item: everything about one item, for operators and readers: identity and payload,
-- its row on the queue, every attempt, what retention left of retired ones, late results, and what
-- operators did. No lease token. Null when there is no such item.
-- Locks: none. Raises: nothing.
create or replace function public.inspect_outbox_item(p_outbox_id uuid)
returns jsonb
language sql
stable
security definer
set search_path = pg_catalog, public, pg_temp
begin atomic
    select
        jsonb_build_object(
            'identity', to_jsonb(i) - 'payload' - 'fingerprint'
            || jsonb_build_object(
                'fingerprint', encode(i.fingerprint, 'hex'),
                'rail_key', public._rail_key(i.tenant_id, i.instruction_id, i.idempotency_key)
            ),
            'payload', coalesce(
                i.payload::text,
                (
                    select q.payload::text
                    from public.payment_outbox_queue as q
                    where q.outbox_id = i.outbox_id
                ),
                (
                    select a.payload::text
                    from public.payment_outbox_attempts as a
                    where a.outbox_id = i.outbox_id and a.payload is not null
                    order by a.attempt_no
                    limit 1
                ),
                retired.payload::text
            )::jsonb,
            'queue', (
                select to_jsonb(q) - 'payload' as queue
                from public.payment_outbox_queue as q
                where q.outbox_id = i.outbox_id
            ),
            'attempts', (
                select
                    coalesce(jsonb_agg(to_jsonb(h) - 'payload' order by h.attempt_no), '[]')
                        as attempts
                from public.payment_outbox_history as h
                where h.outbox_id = i.outbox_id
            ),
            'retired', case
                when retired.outbox_id is not null
                    then
                        to_jsonb(retired) - 'payload'
                        || jsonb_build_object('digest', encode(retired.digest, 'hex'))
            end,
            'late_results', (
                select coalesce(jsonb_agg(to_jsonb(l) order by l.received_at), '[]') as results
                from public.payment_outbox_late_evidence as l
                where l.outbox_id = i.outbox_id
            ),
            'operator_actions', (
                select coalesce(jsonb_agg(to_jsonb(o) order by o.created_at), '[]') as actions
                from public.payment_outbox_operator_actions as o
                where o.outbox_id = i.outbox_id
            )
        ) as item
    from public.payment_outbox_identities as i
    left join public.payment_outbox_outcomes as retired on i.outbox_id = retired.outbox_id
    where i.outbox_id = p_outbox_id;
end;
comment on function public.inspect_outbox_item(uuid) is
'Everything about one item as JSON: identity, payload, queue, attempts, evidence, operators.';
revoke all on function public.inspect_outbox_item(uuid) from public;
grant execute on function public.inspect_outbox_item(uuid)
to symphony_control, symphony_readonly, symphony_auditor;
