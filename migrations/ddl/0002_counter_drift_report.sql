-- Before the counter becomes the source of attempt numbers, make it true, and leave a report of
-- what was not.
-- Locks: SHARE ROW EXCLUSIVE on the queue and the attempts, so that nothing moves between report,
-- repair and the new functions, which arrive in the same transaction. Work: one pass over the
-- pending items, by index into the attempts.
set local lock_timeout = '2s';
lock table public.payment_outbox_pending,
public.payment_outbox_attempts in share row exclusive mode;

create table public.outbox_counter_drift_report (
    outbox_id uuid not null,
    detected_at timestamptz not null default now(),
    attempt_count integer not null,
    max_attempt_no integer not null,
    attempts bigint not null,
    has_terminal boolean not null,
    near_overflow boolean not null,
    action text not null,
    constraint outbox_counter_drift_report_pkey primary key (outbox_id, detected_at),
    constraint ck_counter_drift_action check (action in ('COUNTER_SET', 'ENDED'))
);
comment on table public.outbox_counter_drift_report is
'What revision 0002 did: COUNTER_SET to the highest number, or ENDED a terminal item.';
revoke all on public.outbox_counter_drift_report from public;
grant select on public.outbox_counter_drift_report
to symphony_control, symphony_readonly, symphony_auditor;

insert into public.outbox_counter_drift_report (
    outbox_id, attempt_count, max_attempt_no, attempts, has_terminal, near_overflow, action
)
select
    d.outbox_id,
    d.attempt_count,
    d.max_attempt_no,
    d.attempts,
    d.has_terminal,
    d.near_overflow,
    case when d.has_terminal then 'ENDED' else 'COUNTER_SET' end as action
from public.outbox_counter_drift() as d;

-- Numbers that close to the end of the type were written by hand; an operator decides what they
-- mean.
do $do$
declare
    v_overflow uuid;
begin
    select r.outbox_id into v_overflow
    from public.outbox_counter_drift_report as r
    where r.near_overflow and not r.has_terminal
    order by r.outbox_id
    limit 1;
    if found then
        raise exception 'outbox item % has an attempt number near the end of its type', v_overflow
            using errcode = 'P7009', hint = 'End the item by hand, then run the migration again.';
    end if;
end;
$do$;

delete from public.payment_outbox_pending as p
using public.outbox_counter_drift_report as r
where p.outbox_id = r.outbox_id and r.action = 'ENDED';

-- The highest number, not the greater of both: a counter ahead of the ledger would leave a gap and
-- end items early.
update public.payment_outbox_pending as p
set attempt_count = r.max_attempt_no
from public.outbox_counter_drift_report as r
where p.outbox_id = r.outbox_id and r.action = 'COUNTER_SET';
