-- _due_items: locks due items, oldest due first. While a snapshot is held open somewhere, the index
-- entries of items that are done cannot be removed, and a scan from the beginning walks over all of
-- them. So the scan begins at a mark: before it, nothing was due when a claim looked last, but for
-- the latest 250 ms. The mark and the time of the next sweep stand in sequences, which are neither
-- locked nor versioned; both are hints that may be lost or wrong. What lies before the mark all the
-- same (a commit that took longer, a claim that was rolled back, a clock that was set back) is
-- found by a sweep: when less is due than was asked for, and once a second in any case. A sweep
-- that walked over more than 1000 entries for nothing (the server counts them, see
-- pg_stat_get_xact_tuples_returned) makes the next ones rarer, so that they take a fiftieth of the
-- time, and leaves its sequence as if it were uncalled: then who sweeps next says so first, and
-- nobody else walks as far at the same time.
-- Locks: the rows (for update skip locked). Raises: nothing.
create or replace function public._due_items(
    p_limit integer,
    p_now timestamptz,
    out ids uuid[],
    out abandoned boolean,
    out ordered boolean
)
returns record
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_marked timestamptz;
    v_mark timestamptz;
    v_sweep_at timestamptz;
    v_from timestamptz;
    v_until timestamptz := p_now;
    v_index oid := 'public.idx_payment_outbox_pending_due_claim'::regclass;
    v_walked bigint;
    v_began_at timestamptz;
    v_was_far boolean;
    v_is_far boolean;
    v_pause interval;
    v_met uuid[];
    v_abandoned boolean;
    v_ordered boolean;
    v_first_due_at timestamptz;
    v_sweeps boolean;
begin
    select
        timestamptz 'epoch' + mark.last_value * interval '1 microsecond',
        timestamptz 'epoch' + sweep.last_value * interval '1 microsecond',
        not sweep.is_called
    into v_marked, v_sweep_at, v_was_far
    from public.outbox_due_mark as mark
    cross join public.outbox_due_sweep as sweep;
    v_sweeps := p_now
        not between v_sweep_at - interval '1 minute' and v_sweep_at + interval '1 second';
    v_from := case when v_sweeps then '-infinity' else v_marked end;
    ids := '{}';
    abandoned := false;
    ordered := false;

    loop
        if v_sweeps
            and (
                v_was_far
                or v_sweep_at not between p_now - interval '100 ms' and p_now + interval '1 minute'
            )
        then
            perform setval(
                'public.outbox_due_sweep',
                (
                    extract(
                        epoch from p_now + case when v_was_far then interval '1 second' else '0' end
                    ) * 1000000
                )::bigint,
                not v_was_far
            );
        end if;
        v_began_at := clock_timestamp();
        v_walked := pg_stat_get_xact_tuples_returned(v_index);
        select
            array_agg(d.outbox_id order by d.next_attempt_at, d.created_at),
            bool_or(d.lease_token is not null),
            bool_or(d.fifo),
            min(d.next_attempt_at)
        into v_met, v_abandoned, v_ordered, v_first_due_at
        from (
            select p.outbox_id, p.next_attempt_at, p.created_at, p.lease_token, p.fifo
            from public.payment_outbox_pending as p
            where
                p.next_attempt_at >= v_from
                and p.next_attempt_at <= v_until
                and (p.lease_expires_at is null or p.lease_expires_at <= p_now)
                and p.hold is null
            order by p.next_attempt_at, p.created_at
            limit p_limit - cardinality(ids)
            for update skip locked
        ) as d;
        ids := coalesce(v_met, '{}') || ids;
        abandoned := abandoned or coalesce(v_abandoned, false);
        ordered := ordered or coalesce(v_ordered, false);
        exit when v_sweeps or cardinality(ids) = p_limit or p_now < v_sweep_at;
        v_sweeps := true;
        v_until := v_from - interval '1 microsecond';
        v_from := '-infinity';
    end loop;

    v_mark := greatest(
        least(
            case when cardinality(ids) = p_limit then v_first_due_at else p_now end,
            p_now - interval '250 ms'
        ),
        timestamptz 'epoch'
    );
    if v_mark not between v_marked and v_marked + interval '10 ms' then
        perform setval(
            'public.outbox_due_mark', (extract(epoch from v_mark) * 1000000)::bigint
        );
    end if;
    if v_sweeps then
        v_walked := pg_stat_get_xact_tuples_returned(v_index) - v_walked;
        v_is_far := v_walked - coalesce(cardinality(v_met), 0) > 1000;
        if v_is_far or v_was_far then
            v_pause := case
                when v_is_far
                    then least((clock_timestamp() - v_began_at) * 50, interval '30 seconds')
                else interval '0'
            end;
            perform setval(
                'public.outbox_due_sweep',
                (extract(epoch from p_now + v_pause) * 1000000)::bigint,
                not v_is_far
            );
        end if;
    end if;
end;
$function$;
comment on function public._due_items(integer, timestamptz) is
'Private: locks due items, oldest due first, without a walk over those that are done.';
revoke all on function public._due_items(integer, timestamptz) from public;
