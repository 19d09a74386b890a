-- Online route: the sequence of positions in the ledger, before anybody takes one.
-- Locks: none; the sequence is new.

-- No cache: a session would keep numbers back and take them after later ones.
create sequence public.ledger_positions as bigint start 1 cache 1 no cycle;
comment on sequence public.ledger_positions is
'Positions in the ledger, of attempts and attestations together; never set back.';
revoke all on sequence public.ledger_positions from public;

-- Whoever may insert rows by hand goes on to, and takes positions with them.
do $do$
declare
    v_role name;
begin
    for v_role in
        select distinct r.rolname
        from pg_catalog.pg_class as c
        cross join lateral pg_catalog.aclexplode(c.relacl) as a
        inner join pg_catalog.pg_roles as r on a.grantee = r.oid
        where
            c.oid in (
                'public.payment_outbox_attempts'::regclass, 'public.ingress_attestations'::regclass
            )
            and a.privilege_type = 'INSERT'
            and r.oid <> c.relowner
    loop
        execute pg_catalog.format('grant usage on sequence public.ledger_positions to %I', v_role);
    end loop;
end;
$do$;
