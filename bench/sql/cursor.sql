-- A sketch of the kind: a log that is read in order behind a cursor. Acknowledging moves the cursor
-- past the whole batch; nothing is recorded of an item.
create table public.cursor_log (
    event_id bigint not null generated always as identity,
    written_by xid8 not null default pg_current_xact_id(),
    payload text not null,
    constraint cursor_log_pkey primary key (event_id)
);
create table public.cursor_position (
    consumer text not null,
    event_id bigint not null,
    constraint cursor_position_pkey primary key (consumer)
);
insert into public.cursor_position (consumer, event_id) values ('bench', 0);
