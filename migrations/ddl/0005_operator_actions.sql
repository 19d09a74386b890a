-- What operators did: who, what, why, to which item or scope; written by the functions they act
-- through, in the same transaction as the act.
-- Locks: none; the table is new.
create table public.payment_outbox_operator_actions (
    action_id uuid not null default public.uuid_v7_or_random(),
    action text not null,
    outbox_id uuid,
    scope text,
    scope_key text,
    actor text not null,
    reason text not null,
    detail jsonb not null default '{}',
    session_role name not null default session_user,
    created_at timestamptz not null default clock_timestamp(),
    constraint payment_outbox_operator_actions_pkey primary key (action_id),
    constraint ck_operator_actions_action check (
        action in (
            'SET_CONTROL', 'PAUSE', 'RESUME', 'SET_RETRY_POLICY', 'MANUAL_ATTEMPT', 'CANCEL',
            'RESOLVE', 'REDRIVE'
        )
    ),
    constraint ck_operator_actions_subject check (num_nonnulls(outbox_id, scope_key) = 1)
);
comment on table public.payment_outbox_operator_actions is
'Append-only: what operators did to items, queues, rails and tenants, and why.';
comment on column public.payment_outbox_operator_actions.actor is
'Who says to have done it; session_role is who the server knows it was.';
comment on column public.payment_outbox_operator_actions.detail is
'What was asked for and what came of it; never a lease token.';
create index idx_operator_actions_outbox_id
on public.payment_outbox_operator_actions using btree (outbox_id, created_at)
where outbox_id is not null;
revoke all on public.payment_outbox_operator_actions from public;
grant select on public.payment_outbox_operator_actions to symphony_control, symphony_readonly,
symphony_auditor;

create trigger trg_deny_operator_actions_mutation
before update or delete on public.payment_outbox_operator_actions
for each row execute function public.deny_operator_actions_mutation();
create trigger trg_deny_operator_actions_truncate
before truncate on public.payment_outbox_operator_actions
for each statement execute function public.deny_operator_actions_mutation();
alter table public.payment_outbox_operator_actions
enable always trigger trg_deny_operator_actions_mutation;
alter table public.payment_outbox_operator_actions
enable always trigger trg_deny_operator_actions_truncate;
