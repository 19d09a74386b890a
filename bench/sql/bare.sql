-- The floor of an insert: one table, one index.
create table public.bare_items (
    name text not null,
    participant text not null,
    payload text not null,
    created_at timestamptz not null default now(),
    constraint bare_items_pkey primary key (name)
);
