-- seal_ledger: seals what is new in attempts and attestations, and in either at most p_limit rows
-- with a position and p_limit from before there were positions. It never waits and nobody waits for
-- it: one sealer works at a time, another one returns at once. The outcome says what is left:
--   DONE     nothing: every position that was taken is under a seal or was never used
--   MORE     the limit was reached: call again
--   WAITING  transactions that took positions may still be running: call again later
--   BUSY     another sealer is at work
-- How it knows what is final: it reads the last position taken, and gets its transaction id after
-- that. Who holds a position up to there had a lower id before (see 0006_positions.sql). When all
-- lower ids are done, those rows are there or never will be. Where one is running, position and id
-- are noted for a later call. The oldest running id is taken in a statement before the rows are.
-- Locks: the horizon's row (for update skip locked), until commit. Raises: P711F limit, isolation
-- level, or a transaction that has an id already: its id would be too low to prove anything.
create or replace function public.seal_ledger(
    p_limit integer
)
returns table (
    outcome text,
    seals integer,
    attempts integer,
    attestations integer,
    last_seal_no bigint
)
language plpgsql
volatile
security definer
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_taken bigint;
    v_xid xid8;
    v_oldest_running xid8;
    v_horizon public.ledger_seal_horizon;
    v_final bigint;
    v_subject text;
    v_rows integer;
    v_full boolean := false;
begin
    if p_limit is null or p_limit not between 1 and 10000 then
        raise exception 'p_limit: must be between 1 and 10000'
            using
                errcode = 'P711F',
                column = 'p_limit',
                constraint = 'between 1 and 10000';
    end if;
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'seal_ledger: must run at READ COMMITTED'
            using
                errcode = 'P711F',
                column = 'transaction_isolation',
                constraint = 'read committed';
    end if;
    if pg_current_xact_id_if_assigned() is not null then
        raise exception 'seal_ledger: must be the first write of its transaction'
            using
                errcode = 'P711F',
                column = 'transaction_id',
                constraint = 'not assigned yet';
    end if;
    seals := 0;
    attempts := 0;
    attestations := 0;

    select case when p.is_called then p.last_value else 0 end into v_taken
    from public.ledger_positions as p;
    v_xid := pg_current_xact_id();

    select h.final_position, h.noted_position, h.noted_xid, h.without_position
    into
        v_horizon.final_position,
        v_horizon.noted_position,
        v_horizon.noted_xid,
        v_horizon.without_position
    from public.ledger_seal_horizon as h
    for update skip locked;
    if not found then
        outcome := 'BUSY';
        return next;
        return;
    end if;

    select pg_snapshot_xmin(pg_current_snapshot()) into v_oldest_running;
    v_final := v_horizon.final_position;
    if v_oldest_running >= v_xid then
        v_final := greatest(v_final, v_taken);
    elsif v_horizon.noted_xid <= v_oldest_running then
        v_final := greatest(v_final, v_horizon.noted_position);
    end if;
    if v_final >= v_taken then
        v_horizon.noted_position := null;
        v_horizon.noted_xid := null;
    -- A noted id above our own is of another cluster, before a restore: it would never come.
    elsif not coalesce(
        v_horizon.noted_xid > v_oldest_running and v_horizon.noted_xid <= v_xid, false
    ) then
        v_horizon.noted_position := v_taken;
        v_horizon.noted_xid := v_xid;
    end if;

    foreach v_subject in array array['ATTEMPTS', 'ATTESTATIONS']
    loop
        v_rows := 0;
        if v_subject = any(v_horizon.without_position) then
            v_rows := public._append_seal(v_subject, null, p_limit);
            seals := seals + (v_rows > 0)::integer;
            if v_rows = p_limit then
                v_full := true;
            else
                v_horizon.without_position := array_remove(v_horizon.without_position, v_subject);
            end if;
        end if;
        attempts := attempts + case when v_subject = 'ATTEMPTS' then v_rows else 0 end;
        attestations := attestations + case when v_subject = 'ATTESTATIONS' then v_rows else 0 end;

        v_rows := public._append_seal(v_subject, v_final, p_limit);
        seals := seals + (v_rows > 0)::integer;
        v_full := v_full or v_rows = p_limit;
        attempts := attempts + case when v_subject = 'ATTEMPTS' then v_rows else 0 end;
        attestations := attestations + case when v_subject = 'ATTESTATIONS' then v_rows else 0 end;
    end loop;

    update public.ledger_seal_horizon as h
    set
        final_position = v_final,
        noted_position = v_horizon.noted_position,
        noted_xid = v_horizon.noted_xid,
        without_position = v_horizon.without_position
    where
        (h.final_position, h.noted_position, h.noted_xid, h.without_position) is distinct from
        (v_final, v_horizon.noted_position, v_horizon.noted_xid, v_horizon.without_position);

    select max(s.seal_no) into last_seal_no
    from public.ledger_seals as s;
    outcome := case
        when v_full then 'MORE'
        when v_final < v_taken then 'WAITING'
        else 'DONE'
    end;
    return next;
end;
$function$;
comment on function public.seal_ledger(integer) is
'Seals the next rows of attempts and attestations; the outcome says whether some are left.';
revoke all on function public.seal_ledger(integer) from public;
grant execute on function public.seal_ledger(integer) to symphony_control, symphony_executor;
