-- What is left of 0006_positions.sql where its work was done before: to see that it was.
-- Locks: none.
do $do$
begin
    if (
        select count(*)
        from pg_catalog.pg_index as i
        where
            i.indexrelid in (
                to_regclass('public.ux_attempts_ledger_position'),
                to_regclass('public.ux_attestations_ledger_position')
            )
            and i.indisvalid
    ) <> 2 then
        raise exception 'the indexes of ledger positions are not there: run the migration again';
    end if;
end;
$do$;
