-- INV-117: every session of this database starts with bounded timeouts, whatever role it has:
-- settings of a NOLOGIN role would not reach the login roles that are members of it. A value that
-- the DBA has set for this database stays.
do $do$
declare
    v_setting record;
begin
    for v_setting in
        select bounds.guc, bounds.bound
        from (
            values
            ('lock_timeout', '2s'),
            ('statement_timeout', '30s'),
            ('idle_in_transaction_session_timeout', '60s')
        ) as bounds (guc, bound)
        where not exists (
            select
            from pg_catalog.pg_db_role_setting as s
            inner join pg_catalog.pg_database as d on s.setdatabase = d.oid
            cross join lateral pg_catalog.unnest(s.setconfig) as configured (entry)
            where
                d.datname = pg_catalog.current_database()
                and s.setrole = 0
                and configured.entry like bounds.guc || '=%'
        )
    loop
        execute pg_catalog.format(
            'alter database %I set %I = %L',
            pg_catalog.current_database(),
            v_setting.guc,
            v_setting.bound
        );
    end loop;
end;
$do$;
