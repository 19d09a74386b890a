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
        case
            when given.setting ~ '^[1-9][0-9]{0,4}$' and given.setting::integer <= 36500
                then given.setting::integer
            else 90
        end as days_min
    from (select public._database_setting('symphony.retention_days_min') as setting) as given;
end;
comment on function public._retention_days_min() is
'Private: days that history stays at least: a setting of the database, 1 to 36500, default 90.';
revoke all on function public._retention_days_min() from public;
