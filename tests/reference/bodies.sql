-- body: set_correlation_id_if_null
begin
    if new.correlation_id is null then
        new.correlation_id := uuid_v7_or_random();
    end if;
    return new;
end;
-- body: anchor_dispatched_outbox_attempt
begin
    if new.state = 'DISPATCHED' then
        if new.rail_reference is null or btrim(new.rail_reference) = '' then
            raise exception 'a dispatched attempt needs a rail_reference' using errcode = 'P7005';
        end if;
        insert into rail_dispatch_truth_anchor (
            attempt_id, outbox_id, instruction_id, participant_id, rail_participant_id,
            rail_profile, rail_sequence_ref, state
        )
        values (
            new.attempt_id, new.outbox_id, new.instruction_id, new.participant_id,
            new.participant_id, coalesce(nullif(new.rail_type, ''), 'GENERIC'),
            new.rail_reference, new.state
        );
    end if;
    return new;
end;
-- body: deny_append_only_mutation
begin
    raise exception '% is append-only', tg_table_name using errcode = 'P0001';
end;
-- body: trigger
begin
    return new;
end;
-- body: other
begin
    raise exception 'another domain' using errcode = 'P0001';
end;
