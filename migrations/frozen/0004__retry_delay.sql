-- _retry_delay: how long a RETRYABLE attempt waits: what the worker asks for, within 0 and 7 days,
-- else what the policy of the rail says, to the microsecond: a policy so fine that a double
-- underflows must not refuse a result.
-- Locks: none. Raises: nothing.
create or replace function public._retry_delay(
    p_rail_type text,
    p_retries integer,
    p_retry_delay_seconds integer
)
returns interval
language sql
volatile
begin atomic
    select
        case
            when p_retry_delay_seconds is not null
                then make_interval(secs => least(greatest(p_retry_delay_seconds, 0), 604800))
            else coalesce(
                (
                    select
                        make_interval(
                            secs => (
                                round(
                                    least(
                                        r.max_seconds,
                                        case r.strategy
                                            when 'FIXED' then r.base_seconds
                                            else
                                                r.base_seconds
                                                * r.factor ^ least(p_retries - 1, 100)
                                        end
                                    )::numeric, 6
                                )::double precision
                                * (1 - round(r.jitter::numeric, 6)::double precision * random())
                            )
                        ) as delay
                    from public.outbox_retry_policies as r
                    where r.rail_type in (p_rail_type, '*')
                    order by r.rail_type = '*'
                    limit 1
                ),
                interval '1 second'
            )
        end as delay;
end;
comment on function public._retry_delay(text, integer, integer) is
'Private: the wait before the next attempt, by the worker''s wish or the rail''s policy.';
revoke all on function public._retry_delay(text, integer, integer) from public;
