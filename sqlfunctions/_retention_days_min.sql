-- _retention_days_min: how old history must be before it may be retired. It is a setting of the
-- database (alter database ... set symphony.retention_days_min = n), read from the catalog: what a
-- session, a role or a caller sets does not count, nor does a value that is no number from 1 to
-- 36500.
-- Locks: none. Raises: nothing.
create or replace function public._retention_days_min()
returns integer
language sql
stable
begin atomic
    select
        coalesce((
            select
                case
                    when given.setting ~ '^[1-9][0-9]{0,4}$' and given.setting::integer <= 36500
                        then given.setting::integer
                end as days_min
            from pg_catalog.pg_db_role_setting as s
            inner join pg_catalog.pg_database as d on s.setdatabase = d.oid
            cross join unnest(s.setconfig) as entry (line)
            cross join
                lateral (select split_part(entry.line, '=', 2) as setting) as given
            where
                d.datname = current_database()
                and s.setrole = 0
                and split_part(entry.line, '=', 1) = 'symphony.retention_days_min'
        ), 90) as days_min;
end;
comment on function public._retention_days_min() is
'Private: days that history stays at least: a setting of the database, 1 to 36500, default 90.';
revoke all on function public._retention_days_min() from public;
