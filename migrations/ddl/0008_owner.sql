-- The owner of everything: a role that nobody can log in as and that may do nothing else. Functions
-- that run with the rights of their owner can then reach ledgerdb's tables and no further.
-- It is a role of the cluster: one that another database made is used if it is as harmless.
-- Locks: none on tables. Raises: 0P000 where a role of the name has rights of its own.
do $do$
declare
    v_excess text;
begin
    if not exists (
        select from pg_catalog.pg_roles as r where r.rolname = 'symphony_owner'
    ) then
        begin
            create role symphony_owner nologin noinherit;
        exception
            -- A migration of another database of this cluster created it a moment ago.
            when duplicate_object or unique_violation then null;
        end;
    end if;

    select
        pg_catalog.concat_ws(
            ', ',
            case when r.rolcanlogin then 'LOGIN' end,
            case when r.rolsuper then 'SUPERUSER' end,
            case when r.rolcreaterole then 'CREATEROLE' end,
            case when r.rolcreatedb then 'CREATEDB' end,
            case when r.rolreplication then 'REPLICATION' end,
            case when r.rolbypassrls then 'BYPASSRLS' end,
            (
                select 'member of ' || pg_catalog.string_agg(m.roleid::regrole::text, ' and ')
                from pg_catalog.pg_auth_members as m
                where m.member = r.oid
            )
        )
    into v_excess
    from pg_catalog.pg_roles as r
    where r.rolname = 'symphony_owner';
    if v_excess <> '' then
        raise exception 'role symphony_owner has rights of its own: %', v_excess
            using
                errcode = '0P000',
                hint = 'Take them away; it is to own the objects of ledgerdb and nothing else.';
    end if;

    -- Who deploys acts as the owner, now and in later revisions; a superuser may anyway.
    if not (
        pg_catalog.pg_has_role('symphony_owner', 'usage')
        and pg_catalog.pg_has_role('symphony_owner', 'set')
    ) then
        begin
            execute 'grant symphony_owner to current_user with inherit true, set true';
        exception
            -- The same deployer migrates another database of this cluster.
            when unique_violation then null;
        end;
    end if;
end;
$do$;

-- Whoever may create in the schema could put a better match beside a function that ours call.
revoke create on schema public from public;
grant usage on schema public to symphony_owner, symphony_control, symphony_executor,
symphony_ingest, symphony_readonly, symphony_auditor;
