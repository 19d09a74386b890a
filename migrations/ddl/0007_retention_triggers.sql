-- What retention leaves behind is append-only, for the owner and in replica sessions too.
-- Locks: none; the tables are new.
create trigger trg_deny_retention_runs_mutation
before update or delete on public.ledger_retention_runs
for each row execute function public.deny_retention_mutation();
create trigger trg_deny_retention_runs_truncate
before truncate on public.ledger_retention_runs
for each statement execute function public.deny_retention_mutation();
alter table public.ledger_retention_runs
enable always trigger trg_deny_retention_runs_mutation;
alter table public.ledger_retention_runs
enable always trigger trg_deny_retention_runs_truncate;

create trigger trg_deny_outcomes_mutation
before update or delete on public.payment_outbox_outcomes
for each row execute function public.deny_retention_mutation();
create trigger trg_deny_outcomes_truncate
before truncate on public.payment_outbox_outcomes
for each statement execute function public.deny_retention_mutation();
alter table public.payment_outbox_outcomes
enable always trigger trg_deny_outcomes_mutation;
alter table public.payment_outbox_outcomes
enable always trigger trg_deny_outcomes_truncate;

create trigger trg_deny_retired_leaves_mutation
before update or delete on public.ledger_retired_leaves
for each row execute function public.deny_retention_mutation();
create trigger trg_deny_retired_leaves_truncate
before truncate on public.ledger_retired_leaves
for each statement execute function public.deny_retention_mutation();
alter table public.ledger_retired_leaves
enable always trigger trg_deny_retired_leaves_mutation;
alter table public.ledger_retired_leaves
enable always trigger trg_deny_retired_leaves_truncate;
