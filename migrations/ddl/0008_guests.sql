-- Triggers of other applications on ledgerdb's tables run as who writes: from here on that is
-- symphony_owner. Those that the earlier plain-SQL migrations made are known, and get what they
-- need. An unknown one would fail at the first payment, so it stops the migration: its function
-- must run as its own owner (security definer, search_path pinned), or symphony_owner must hold
-- EXECUTE on it by name, which says that somebody has granted what it touches.
-- Locks: none on tables. Raises: 42501 where a trigger may do less than before.
do $do$
declare
    v_known text;
    v_guests text;
begin
    foreach v_known in array array[
        'set_correlation_id_if_null', 'anchor_dispatched_outbox_attempt'
    ]
    loop
        if pg_catalog.to_regprocedure(pg_catalog.format('public.%I()', v_known)) is not null then
            execute pg_catalog.format(
                'grant execute on function public.%I() to symphony_owner', v_known
            );
        end if;
    end loop;
    if pg_catalog.to_regclass('public.rail_dispatch_truth_anchor') is not null then
        grant select, insert on table public.rail_dispatch_truth_anchor to symphony_owner;
    end if;

    select
        pg_catalog.string_agg(
            pg_catalog.format(
                'trigger %s on %s (function %s)', t.tgname, c.relname, p.oid::regprocedure
            ),
            ', ' order by c.relname, t.tgname
        )
    into v_guests
    from pg_catalog.pg_trigger as t
    inner join pg_catalog.pg_class as c on t.tgrelid = c.oid
    inner join pg_catalog.pg_proc as p on t.tgfoid = p.oid
    where
        not t.tgisinternal
        and c.oid in (
            'public.ingress_attestations'::regclass,
            'public.participant_outbox_sequences'::regclass,
            'public.payment_outbox_attempts'::regclass,
            'public.payment_outbox_pending'::regclass,
            'public.tenants'::regclass
        )
        and not p.prosecdef
        and p.oid not in (
            'public.deny_ingress_attestations_mutation()'::regprocedure,
            'public.enforce_member_tenant_match()'::regprocedure
        )
        and not exists (
            select
            from pg_catalog.aclexplode(p.proacl) as a
            inner join pg_catalog.pg_roles as r on a.grantee = r.oid
            where r.rolname = 'symphony_owner' and a.privilege_type = 'EXECUTE'
        );
    if v_guests is not null then
        raise exception 'of another application, and about to run as symphony_owner: %', v_guests
            using
                errcode = '42501',
                hint = 'Make its function security definer with a pinned search_path, or grant '
                    'symphony_owner what it touches and EXECUTE on the function.';
    end if;
end;
$do$;
