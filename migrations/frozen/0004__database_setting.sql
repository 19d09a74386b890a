-- _database_setting: what `alter database ... set` says of a parameter, from the catalog: what a
-- session, a role or a caller sets does not count. Null where it says nothing.
-- Locks: none. Raises: nothing.
create or replace function public._database_setting(p_name text)
returns text
language sql
stable
begin atomic
    select split_part(entry.line, '=', 2) as setting
    from pg_catalog.pg_db_role_setting as s
    inner join pg_catalog.pg_database as d on s.setdatabase = d.oid
    cross join unnest(s.setconfig) as entry (line)
    where
        d.datname = current_database()
        and s.setrole = 0
        and split_part(entry.line, '=', 1) = p_name;
end;
comment on function public._database_setting(text) is
'Private: the value of a parameter that was set for this database.';
revoke all on function public._database_setting(text) from public;
