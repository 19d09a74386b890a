-- _is_identifier: the rule for identifiers that callers choose: 1 to 200 characters, no blanks at
-- the ends, no control characters: they would make two keys that look alike.
-- Locks: none. Raises: nothing.
create or replace function public._is_identifier(p_value text)
returns boolean
language sql
immutable
begin atomic
    select coalesce(
        length(p_value) between 1 and 200
        and p_value = btrim(p_value)
        and p_value !~ '[[:cntrl:]]',
        false
    ) as is_identifier;
end;
comment on function public._is_identifier(text) is
'Private: true for an identifier that keeps the rule.';
revoke all on function public._is_identifier(text) from public;
