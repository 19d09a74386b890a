-- Every row of attempts and attestations gets a position in the ledger. It is taken after the
-- transaction has its id: so whoever holds a position at or below one that was read had an id below
-- any that is given later, and when those are all done, no row can come in between any more. Rows
-- that exist have none; they are sealed in the order of their ids.
-- Locks: ACCESS EXCLUSIVE on both tables, for changes of the catalog and one pass over each for its
-- index.
set local lock_timeout = '2s';

-- No cache: a session would keep numbers back and take them after later ones.
create sequence public.ledger_positions as bigint start 1 cache 1 no cycle;
comment on sequence public.ledger_positions is
'Positions in the ledger, of attempts and attestations together; never set back.';
revoke all on sequence public.ledger_positions from public;

alter table public.payment_outbox_attempts add column ledger_position bigint;
alter table public.payment_outbox_attempts
alter column ledger_position set default
case when pg_current_xact_id() is not null then nextval('public.ledger_positions') end,
add constraint ck_attempts_ledger_position check (ledger_position is not null) not valid;
comment on column public.payment_outbox_attempts.ledger_position is
'Place in the ledger; null for rows from before revision 0006.';
-- squawk-ignore require-concurrent-index-creation
create unique index ux_attempts_ledger_position
on public.payment_outbox_attempts using btree (ledger_position)
where ledger_position is not null;

alter table public.ingress_attestations add column ledger_position bigint;
alter table public.ingress_attestations
alter column ledger_position set default
case when pg_current_xact_id() is not null then nextval('public.ledger_positions') end,
add constraint ck_attestations_ledger_position check (ledger_position is not null) not valid;
comment on column public.ingress_attestations.ledger_position is
'Place in the ledger; null for rows from before revision 0006.';
-- squawk-ignore require-concurrent-index-creation
create unique index ux_attestations_ledger_position
on public.ingress_attestations using btree (ledger_position)
where ledger_position is not null;

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
