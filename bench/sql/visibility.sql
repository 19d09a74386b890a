-- A sketch of the kind: a queue with a visibility timeout and an archive. A message is read by
-- moving the time at which others see it, and archived by its number.
create table public.visibility_queue (
    message_id bigint not null generated always as identity,
    reads integer not null default 0,
    enqueued_at timestamptz not null default now(),
    visible_at timestamptz not null default clock_timestamp(),
    message jsonb not null,
    constraint visibility_queue_pkey primary key (message_id)
);
create index visibility_queue_visible on public.visibility_queue (visible_at);
create table public.visibility_archive (
    message_id bigint not null,
    reads integer not null,
    enqueued_at timestamptz not null,
    archived_at timestamptz not null default now(),
    visible_at timestamptz not null,
    message jsonb not null,
    constraint visibility_archive_pkey primary key (message_id)
);
create index visibility_archive_archived on public.visibility_archive (archived_at);
