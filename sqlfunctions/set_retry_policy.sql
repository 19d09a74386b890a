-- set_retry_policy: an operator sets how long a RETRYABLE attempt on a rail waits (* for the rails
-- without a policy of their own) if the worker names no delay: FIXED p_base_seconds, or EXPONENTIAL
-- p_base_seconds * p_factor ^ (tries - 1) up to p_max_seconds; p_jitter is the share of it that is
-- random. What waits already keeps its time.
-- Locks: the row of the rail. Raises: P711C actor or reason, P711E a value out of bounds.
create or replace function public.set_retry_policy(
    p_rail_type text,
    p_strategy text,
    p_base_seconds double precision,
    p_factor double precision,
    p_max_seconds double precision,
    p_jitter double precision,
    p_actor text,
    p_reason text
)
returns table (
    rail_type text,
    strategy text,
    base_seconds numeric,
    factor numeric,
    max_seconds numeric,
    jitter numeric,
    updated_at timestamptz
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_parameter text;
    v_rule text;
begin
    perform public._require_operator(p_actor, p_reason);
    select rules.parameter, rules.rule
    into v_parameter, v_rule
    from (
        values
        ('p_rail_type', '* or a rail', public._is_identifier(p_rail_type)),
        (
            'p_strategy', 'FIXED or EXPONENTIAL',
            coalesce(p_strategy in ('FIXED', 'EXPONENTIAL'), false)
        ),
        (
            'p_base_seconds', 'between 0 and 604800',
            coalesce(p_base_seconds between 0 and 604800, false)
        ),
        ('p_factor', 'between 1 and 10', coalesce(p_factor between 1 and 10, false)),
        (
            'p_max_seconds', 'between p_base_seconds and 604800',
            coalesce(p_max_seconds between p_base_seconds and 604800, false)
        ),
        ('p_jitter', 'between 0 and 1', coalesce(p_jitter between 0 and 1, false))
    ) as rules (parameter, rule, kept)
    where not rules.kept
    order by rules.parameter
    limit 1;
    if found then
        raise exception '%: must be %', v_parameter, v_rule
            using errcode = 'P711E', column = v_parameter, constraint = v_rule;
    end if;

    insert into public.payment_outbox_operator_actions (
        action, scope, scope_key, actor, reason, detail
    )
    values (
        'SET_RETRY_POLICY', 'RAIL', p_rail_type, btrim(p_actor), btrim(p_reason),
        jsonb_build_object(
            'strategy', p_strategy,
            'base_seconds', p_base_seconds,
            'factor', p_factor,
            'max_seconds', p_max_seconds,
            'jitter', p_jitter
        )
    );
    return query
    insert into public.outbox_retry_policies as r (
        rail_type, strategy, base_seconds, factor, max_seconds, jitter
    )
    values (p_rail_type, p_strategy, p_base_seconds, p_factor, p_max_seconds, p_jitter)
    on conflict on constraint outbox_retry_policies_pkey do update
        set
            strategy = excluded.strategy,
            base_seconds = excluded.base_seconds,
            factor = excluded.factor,
            max_seconds = excluded.max_seconds,
            jitter = excluded.jitter,
            updated_at = excluded.updated_at
    returning
        r.rail_type, r.strategy, r.base_seconds, r.factor, r.max_seconds, r.jitter, r.updated_at;
end;
$function$;
comment on function public.set_retry_policy(
    text, text, double precision, double precision, double precision, double precision, text, text
) is
'Sets how long a RETRYABLE attempt on a rail waits.';
revoke all on function public.set_retry_policy(
    text, text, double precision, double precision, double precision, double precision, text, text
) from public;
grant execute on function public.set_retry_policy(
    text, text, double precision, double precision, double precision, double precision, text, text
) to symphony_control;
