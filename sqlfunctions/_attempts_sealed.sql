-- _attempts_sealed: whether every attempt of an item is under a seal of the ledger, so that its
-- removal can be told from tampering.
-- Locks: none. Raises: nothing.
create or replace function public._attempts_sealed(p_outbox_id uuid)
returns boolean
language sql
stable
begin atomic
    select p_outbox_id is not null as sealed;
end;
comment on function public._attempts_sealed(uuid) is
'Private: true where every attempt of the item is sealed.';
revoke all on function public._attempts_sealed(uuid) from public;
