-- _append_seal: seals the next rows of a subject, at most p_limit: those with a position, up to
-- p_final_position, or, where that is null, those without one, in the order of their ids. Without
-- such rows there is no seal. A seal that the limit did not cut ends at p_final_position, so that
-- nothing can appear behind its last row either. Returns the number of rows.
-- Locks: none; the caller holds the horizon. Raises: nothing.
create or replace function public._append_seal(
    p_subject text,
    p_final_position bigint,
    p_limit integer
)
returns integer
language plpgsql
volatile
set search_path = pg_catalog, public, pg_temp
as $function$
declare
    v_after_position bigint;
    v_through_position bigint;
    v_after_id uuid;
    v_through_id uuid;
    v_row_count integer;
    v_digest bytea;
    v_seal_no bigint;
    v_previous_hash bytea;
    v_sealed_at timestamptz := clock_timestamp();
begin
    if p_final_position is null then
        select s.through_id into v_after_id
        from public.ledger_seals as s
        where s.subject = p_subject and s.through_id is not null
        order by s.through_id desc
        limit 1;
        v_after_id := coalesce(v_after_id, '00000000-0000-0000-0000-000000000000');

        select
            count(*),
            sha256(string_agg(l.leaf, ''::bytea order by l.row_id)),
            (array_agg(l.row_id order by l.row_id desc))[1]
        into v_row_count, v_digest, v_through_id
        from (
            select leaves.row_id, leaves.leaf
            from public.ledger_leaves as leaves
            where
                leaves.subject = p_subject
                and leaves.ledger_position is null
                and leaves.row_id > v_after_id
            order by leaves.row_id
            limit p_limit
        ) as l;
    else
        select s.through_position into v_after_position
        from public.ledger_seals as s
        where s.subject = p_subject and s.through_position is not null
        order by s.through_position desc
        limit 1;
        v_after_position := coalesce(v_after_position, 0);

        select
            count(*),
            sha256(string_agg(l.leaf, ''::bytea order by l.ledger_position)),
            case when count(*) = p_limit then max(l.ledger_position) else p_final_position end
        into v_row_count, v_digest, v_through_position
        from (
            select leaves.ledger_position, leaves.leaf
            from public.ledger_leaves as leaves
            where
                leaves.subject = p_subject
                and leaves.ledger_position > v_after_position
                and leaves.ledger_position <= p_final_position
            order by leaves.ledger_position
            limit p_limit
        ) as l;
    end if;
    if v_row_count = 0 then
        return 0;
    end if;

    select s.seal_no, s.seal_hash into v_seal_no, v_previous_hash
    from public.ledger_seals as s
    order by s.seal_no desc
    limit 1;
    v_seal_no := coalesce(v_seal_no, 0) + 1;

    insert into public.ledger_seals (
        seal_no, subject, after_position, through_position, after_id, through_id,
        row_count, leaf_version, digest, previous_hash, seal_hash, sealed_at
    )
    values (
        v_seal_no, p_subject, v_after_position, v_through_position, v_after_id, v_through_id,
        v_row_count, 1, v_digest, v_previous_hash,
        sha256(
            convert_to(
                json_build_object(
                    'seal_no', v_seal_no,
                    'subject', p_subject,
                    'after_position', v_after_position,
                    'through_position', v_through_position,
                    'after_id', v_after_id,
                    'through_id', v_through_id,
                    'row_count', v_row_count,
                    'leaf_version', 1,
                    'digest', encode(v_digest, 'hex'),
                    'previous_hash', encode(v_previous_hash, 'hex'),
                    'sealed_at', extract(epoch from v_sealed_at)::text
                )::text,
                'UTF8'
            )
        ),
        v_sealed_at
    );
    return v_row_count;
end;
$function$;
comment on function public._append_seal(text, bigint, integer) is
'Private: seals the next rows of attempts or attestations; returns how many.';
revoke all on function public._append_seal(text, bigint, integer) from public;
