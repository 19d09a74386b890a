-- What the explorer adds to a database: a clock that only it moves, and gates in the functions.
-- Sequences hold both, for they are seen at once by everybody; unlogged ones take no transaction id.
create schema explorer;
grant usage on schema explorer to public;

create unlogged sequence explorer.clock;
create unlogged sequence explorer.gate_1;
create unlogged sequence explorer.gate_2;
create unlogged sequence explorer.gate_3;
grant usage on all sequences in schema explorer to public;

-- Each reading is a microsecond later than the one before, as on a real clock.
create function explorer.clock_timestamp()
returns timestamptz
language sql
volatile
as $$
    select timestamptz '2030-01-01 00:00:00+00' + nextval('explorer.clock') * interval '1 microsecond'
$$;

create function explorer.tick(p_seconds integer)
returns void
language sql
volatile
as $$
    select setval('explorer.clock', c.last_value + p_seconds * 1000000::bigint)
    from explorer.clock as c
$$;

-- The time at which a transaction first asked.
create function explorer.now()
returns timestamptz
language plpgsql
volatile
as $$
begin
    if coalesce(current_setting('explorer.began', true), '') = '' then
        perform set_config('explorer.began', explorer.clock_timestamp()::text, true);
    end if;
    return current_setting('explorer.began')::timestamptz;
end;
$$;

-- gate: the session says where it is and waits for the explorer to let it go on. The explorer holds
-- three locks per session and lets go of the one that the gate asks for; the session gives back the
-- one of the gate before. A lock that was let go stays free, so it does not matter who comes first.
-- Sessions without a number pass, and so do gates at the clock where nobody moves it. The functions
-- call it by ASSERT, which leaves FOUND as it is.
create function explorer.gate(p_place text, p_at_clock boolean)
returns boolean
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = 0
as $$
declare
    v_session integer := nullif(current_setting('explorer.session', true), '');
    v_number bigint;
begin
    if v_session is null or (p_at_clock and current_setting('explorer.clock_moves') <> 'on') then
        return true;
    end if;
    v_number := nextval(format('explorer.gate_%s', v_session)::regclass);
    raise notice using message = p_place, errcode = '01G00', detail = v_number::text;
    perform pg_advisory_lock(v_session, (v_number % 3)::integer);
    perform pg_advisory_unlock(v_session, ((v_number + 2) % 3)::integer);
    return true;
end;
$$;

-- finish: what the database holds of a schedule at its end, and again when all that was left to do
-- is done. explorer.drain and explorer.held are those of the revision.
create function explorer.finish(p_n text, out before json, out after json)
returns record
language plpgsql
as $$
begin
    before := explorer.held(p_n);
    after := before;
    if exists (select from public.payment_outbox_pending) then
        perform explorer.drain();
        after := explorer.held(p_n);
    end if;
end;
$$;
