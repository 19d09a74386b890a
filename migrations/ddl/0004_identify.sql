-- Online route: an item that is put on the queue also has its payload in the registry, as the items
-- that are there get it by the backfill (see 0003_identify.sql for the rest).
-- Locks: none.
create or replace function public.identify_written_item()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    if not exists (
        select
        from public.payment_outbox_identities as i
        where i.outbox_id = new.outbox_id
    ) then
        perform public._identify_outbox_items(array[new.outbox_id]);
    end if;
    if tg_table_name = 'payment_outbox_pending' then
        update public.payment_outbox_identities as i
        set payload = new.payload::text::json
        where i.outbox_id = new.outbox_id and i.payload is null;
    end if;
    return null;
end;
$function$;
