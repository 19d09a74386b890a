-- What operators set: whether a queue, a rail or a tenant runs and in which order, and how long a
-- failed attempt waits.
-- Locks: none; the tables and sequences are new.
create table public.outbox_controls (
    scope text not null,
    scope_key text not null,
    paused boolean not null default false,
    ordering text not null default 'NONE',
    fair boolean not null default false,
    notify_workers boolean not null default true,
    updated_at timestamptz not null default clock_timestamp(),
    constraint outbox_controls_pkey primary key (scope, scope_key),
    constraint ck_controls_scope check (scope in ('QUEUE', 'RAIL', 'TENANT')),
    constraint ck_controls_queue_key check (scope <> 'QUEUE' or scope_key = '*'),
    constraint ck_controls_ordering check (ordering in ('NONE', 'FIFO_BLOCK', 'FIFO_SKIP')),
    constraint ck_controls_fair_is_of_the_queue check (scope = 'QUEUE' or not fair)
);
comment on table public.outbox_controls is
'Settings of the whole queue (QUEUE, *), of a rail or of a tenant; no row means the defaults.';
comment on column public.outbox_controls.ordering is
'FIFO_BLOCK: a participant''s items go one after the other, a blocked head stops them. FIFO_SKIP: '
'they pass a head that is held or waits for its retry.';
comment on column public.outbox_controls.fair is
'Claims take the same share of every tenant that has due items.';
comment on column public.outbox_controls.notify_workers is
'False: no NOTIFY for new items of this scope; workers find them by polling.';
revoke all on public.outbox_controls from public;

create table public.outbox_retry_policies (
    rail_type text not null,
    strategy text not null,
    base_seconds numeric not null,
    factor numeric not null default 2,
    max_seconds numeric not null,
    jitter numeric not null default 0,
    updated_at timestamptz not null default clock_timestamp(),
    constraint outbox_retry_policies_pkey primary key (rail_type),
    constraint ck_retry_policies_strategy check (strategy in ('FIXED', 'EXPONENTIAL')),
    constraint ck_retry_policies_base check (base_seconds between 0 and 604800),
    constraint ck_retry_policies_factor check (factor between 1 and 10),
    constraint ck_retry_policies_max check (max_seconds between base_seconds and 604800),
    constraint ck_retry_policies_jitter check (jitter between 0 and 1)
);
comment on table public.outbox_retry_policies is
'How long a RETRYABLE attempt waits, by rail (* for the others), if the worker names no delay.';
comment on column public.outbox_retry_policies.jitter is
'Share of the delay that is random: 0 none, 1 all of it.';
revoke all on public.outbox_retry_policies from public;
insert into public.outbox_retry_policies (
    rail_type, strategy, base_seconds, factor, max_seconds, jitter
)
values ('*', 'EXPONENTIAL', 1, 2, 300, 0.2);

-- The time of the last NOTIFY, in milliseconds: a sequence is neither locked until commit nor
-- versioned.
create sequence public.outbox_notify_clock as bigint minvalue 0 start 0;
comment on sequence public.outbox_notify_clock is
'Milliseconds since 1970 of the last NOTIFY on symphony_outbox; throttles it.';
revoke all on sequence public.outbox_notify_clock from public;

-- Where a claim begins to look, and when one looks at everything again, in microseconds.
create sequence public.outbox_due_mark as bigint minvalue 0 start 0;
comment on sequence public.outbox_due_mark is
'Microseconds since 1970: before this time nothing was due when a claim looked last; a hint.';
create sequence public.outbox_due_sweep as bigint minvalue 0 start 0;
comment on sequence public.outbox_due_sweep is
'Microseconds since 1970: from when on a claim may look before outbox_due_mark again; a hint.';
revoke all on sequence public.outbox_due_mark, public.outbox_due_sweep from public;
