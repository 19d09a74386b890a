-- uuid_v7_or_random: identifiers that grow with time (RFC 9562 version 7), so that new rows land on
-- the same index pages. PostgreSQL 18 has its own generator; before it, the 48-bit millisecond
-- clock is laid over random bits.
-- Locks: none. Raises: nothing.
create or replace function public.uuid_v7_or_random()
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
as $function$
begin
    if current_setting('server_version_num')::integer >= 180000 then
        return pg_catalog.uuidv7();
    end if;
    -- The high half of byte 6 is the version. A random identifier has 4 there (0100); its two low
    -- bits, numbers 52 and 53 as set_bit counts them, make it 7 (0111).
    return encode(
        set_bit(
            set_bit(
                overlay(
                    uuid_send(gen_random_uuid())
                    placing substring(
                        int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3
                    )
                    from 1 for 6
                ),
                52, 1
            ),
            53, 1
        ),
        'hex'
    )::uuid;
end;
$function$;
comment on function public.uuid_v7_or_random() is 'A new identifier, version 7 (time-ordered).';
revoke all on function public.uuid_v7_or_random() from public;
grant execute on function public.uuid_v7_or_random()
to symphony_control, symphony_executor, symphony_ingest, symphony_readonly, symphony_auditor;
