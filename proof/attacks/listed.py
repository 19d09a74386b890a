"""What attackers try, one statement each, and for whom it works.

`worked` is who succeeds on the reference, which shows that the attack is one; at head nobody does,
but for those whose work it is (`may`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from proof.attacks.grounds import EVERYONE

__all__ = ["ATTACKS", "Attack"]

CONTROL: Final = ("control",)
READERS: Final = ("control", "readonly", "auditor")
EXECUTORS: Final = ("control", "executor")
INGEST: Final = ("control", "ingest")

QUEUE: Final = "public.payment_outbox_pending"
HISTORY: Final = "public.payment_outbox_attempts"
TRAP: Final = """create function pg_temp.trap() returns trigger language plpgsql as
    $$ begin return new; end $$;"""
ROW: Final = "'00000000-0000-4000-8000-000000000009', 'i', 'p', 9, 'k', 'RTGS', '{}'"
COLUMNS: Final = (
    "outbox_id, instruction_id, participant_id, sequence_id, idempotency_key, rail_type, payload"
)


class Attack(NamedTuple):
    """Names as in `EVERYONE`; before `since`, a version of PostgreSQL, it works for nobody."""

    statement: str
    worked: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    since: int = 0


WRITES: Final = {
    "insert-item": Attack(f"insert into {QUEUE} ({COLUMNS}) values ({ROW})", CONTROL),
    "change-payload": Attack(f"""update {QUEUE} set payload = '{{"amount": 1}}'""", CONTROL),
    "redirect": Attack(f"update {QUEUE} set participant_id = 'mallory'", CONTROL),
    "steal-lease": Attack(f"update {QUEUE} set lease_token = gen_random_uuid()", CONTROL),
    "reset-counter": Attack(f"update {QUEUE} set attempt_count = 0", CONTROL),
    "delete-item": Attack(f"delete from {QUEUE}", CONTROL),
    "truncate-queue": Attack(f"truncate {QUEUE}", CONTROL),
    "forge-attempt": Attack(
        f"""insert into {HISTORY} ({COLUMNS}, attempt_no, state)
        values ({ROW}, 1, 'DISPATCHED')""",
        CONTROL,
    ),
    "change-attempt": Attack(f"update {HISTORY} set state = 'FAILED'"),
    "delete-attempt": Attack(f"delete from {HISTORY}"),
    "truncate-attempts": Attack(f"truncate {HISTORY}"),
    "rewind-sequence": Attack(
        "update public.participant_outbox_sequences set next_sequence_id = 1", CONTROL
    ),
    "truncate-sequences": Attack("truncate public.participant_outbox_sequences", CONTROL),
    "forge-attestation": Attack(
        """insert into public.ingress_attestations (instruction_id, tenant_id, payload_hash)
        values ('x', '00000000-0000-4000-8000-000000000001', 'h')"""
    ),
    "unsuspend-tenant": Attack("update public.tenants set status = 'ACTIVE'"),
    "own-policy": Attack(
        "insert into public.policy_versions (version, checksum) values ('x', 'x')"
    ),
    "unrevoke": Attack("delete from public.revoked_tokens"),
    "edit-version": Attack("update public.ledgerdb_alembic_version set version_num = '0001'"),
    "lock-queue": Attack(f"lock table {QUEUE} in access exclusive mode", CONTROL),
    "block-migrations": Attack(f"lock table {QUEUE} in access share mode", READERS),
    "lock-rows": Attack(f"select outbox_id from {QUEUE} for update", CONTROL),
    "lock-rows-weakly": Attack(f"select outbox_id from {HISTORY} for key share"),
    "copy-in": Attack(f"copy {QUEUE} from program 'true'"),
}
READS: Final = {
    "read-token": Attack(f"select lease_token from {QUEUE}", READERS),
    "read-star": Attack(f"select * from {QUEUE}", READERS),
    "read-row": Attack(f"select p from {QUEUE} as p", READERS),
    "read-json": Attack(f"select to_jsonb(p) from {QUEUE} as p", READERS),
    "read-table": Attack(f"table {QUEUE}", READERS),
    "guess-token": Attack(f"select 1 from {QUEUE} where lease_token > gen_random_uuid()", READERS),
    "order-by-token": Attack(f"select outbox_id from {QUEUE} order by lease_token", READERS),
    "group-by-token": Attack(f"select count(*) from {QUEUE} group by lease_token", READERS),
    "count-tokens": Attack(f"select count(lease_token) from {QUEUE}", READERS),
    "join-by-token": Attack(
        f"select 1 from {QUEUE} join (select gen_random_uuid() as lease_token) as x"
        " using (lease_token)",
        READERS,
    ),
    "view-of-token": Attack(
        f"create view pg_temp.v as select * from {QUEUE}; select * from pg_temp.v", READERS
    ),
    "definer-view": Attack(
        f"create view pg_temp.v with (security_barrier) as select lease_token from {QUEUE};"
        " select * from pg_temp.v",
        READERS,
    ),
    "cursor": Attack(f"declare c cursor for select * from {QUEUE}; fetch c", READERS),
    "copy-out": Attack(f"copy {QUEUE} to program 'true'"),
    "returning": Attack(f"update {QUEUE} set fifo = fifo returning lease_token"),
    "history-tokens": Attack(f"select lease_token from {HISTORY}"),
    "history-star": Attack(f"select * from {HISTORY}", READERS),
    "statistics": Attack("select stavalues1 from pg_catalog.pg_statistic"),
    "passwords": Attack("select rolpassword from pg_catalog.pg_authid"),
    "server-files": Attack("select pg_catalog.pg_read_file('postgresql.conf')"),
    "large-object-in": Attack("select pg_catalog.lo_import('/etc/hostname')"),
    "large-object-out": Attack(
        "select pg_catalog.lo_export(pg_catalog.lo_create(0), '/tmp/never-written')"
    ),
}
PLANTS: Final = {
    "trigger": Attack(
        f"{TRAP} create trigger t before insert on {QUEUE} for each row execute function"
        " pg_temp.trap()",
        CONTROL,
    ),
    "trigger-on-history": Attack(
        f"{TRAP} create trigger t before insert on {HISTORY} for each row execute function"
        " pg_temp.trap()"
    ),
    "trigger-on-view": Attack(
        f"{TRAP} create trigger t instead of insert on public.payment_outbox_queue"
        " for each row execute function pg_temp.trap()"
    ),
    "rule": Attack(f"create rule r as on insert to {QUEUE} do instead nothing"),
    "policy": Attack(f"create policy p on {QUEUE} using (false)"),
    "row-security": Attack(f"alter table {QUEUE} enable row level security"),
    "index-function": Attack(f"create index on {QUEUE} ((pg_catalog.length(rail_type)))"),
    "default-function": Attack(f"alter table {QUEUE} alter fifo set default pg_temp.f()"),
    "check-function": Attack(f"alter table {QUEUE} add check (attempt_count < 1000)"),
    "disable-triggers": Attack(f"alter table {HISTORY} disable trigger all"),
    "drop-trigger": Attack(f"drop trigger trg_deny_outbox_attempts_mutation on {HISTORY}"),
    "drop-index": Attack("drop index public.ux_attempts_outbox_attempt_no"),
    "drop-table": Attack(f"drop table {HISTORY} cascade"),
    "statistics-object": Attack(f"create statistics public.s on fifo, hold from {QUEUE}"),
    "inherit": Attack(f"create table mallory.child () inherits ({QUEUE})"),
    "publish": Attack(f"create publication p for table {QUEUE}"),
    "replace-function": Attack(
        """create or replace function public.uuid_strategy() returns text language sql
        return 'mine'"""
    ),
    "new-overload": Attack(
        "create function public.length(uuid) returns integer language sql return 1"
    ),
    "alter-function": Attack(
        "alter function public.claim_outbox_batch(integer, text, integer) reset search_path"
    ),
    "own-function": Attack(
        "alter function public.claim_outbox_batch(integer, text, integer) owner to current_user"
    ),
    "drop-function": Attack("drop function public.uuid_strategy()"),
    "new-operator": Attack(
        "create operator public.= (leftarg = uuid, rightarg = text, function = texteq)"
    ),
    "new-type": Attack("create domain public.uuid as text"),
    "new-table": Attack("create table public.schema_migrations (version text)"),
    "new-cast": Attack("create cast (text as public.outbox_attempt_state) with inout as implicit"),
    "more-states": Attack("alter type public.outbox_attempt_state add value 'PAID'"),
    "event-trigger": Attack(
        "create event trigger e on ddl_command_end execute function pg_temp.f()"
    ),
    "language": Attack("create language mallory handler plpgsql_call_handler"),
}
POWERS: Final = {
    "become-owner": Attack("set role symphony_owner"),
    "become-superuser": Attack("set role postgres"),
    "become-another-session": Attack("set session authorization postgres"),
    "join-owner": Attack("grant symphony_owner to current_user"),
    "member-of-owner": Attack("create role mallory_x in role symphony_owner"),
    "give-away": Attack("grant select on public.tenants to public"),
    "defaults-of-owner": Attack(
        "alter default privileges for role symphony_owner grant execute on functions to public"
    ),
    "replica-session": Attack("set session_replication_role = replica"),
    "database-setting": Attack(
        """do $$ begin execute format('alter database %I set symphony.outbox_retry_ceiling = 1',
        current_database()); end $$"""
    ),
    "setting-for-all": Attack("alter role all set search_path = mallory"),
    "setting-of-owner": Attack("alter role symphony_owner set search_path = mallory"),
    "login-as-owner": Attack("alter role symphony_owner login"),
    "end-other-sessions": Attack(
        """select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
        where usename = 'postgres'"""
    ),
    "rewind-notify-clock": Attack("select setval('public.outbox_notify_clock', 0)"),
    "burn-sequence": Attack("select public.bump_participant_outbox_seq('p')", EVERYONE),
    "enqueue": Attack(
        "select public.enqueue_payment_outbox('x', 'p', 'x', 'RTGS', '{}')", EVERYONE, INGEST
    ),
    "claim": Attack("select public.claim_outbox_batch(1, 'mallory', 60)", EVERYONE, EXECUTORS),
    "repair": Attack("select public.repair_expired_leases(1, 'mallory')", EVERYONE, EXECUTORS),
    "complete": Attack(
        "select public.complete_outbox_attempt('{leased}', '{token}', 'w', 'FAILED')",
        EVERYONE,
        EXECUTORS,
    ),
    "call-private": Attack("select public._hold_paused_items('{}', now())"),
    "call-trigger-function": Attack("select public.notify_outbox()"),
    "use-type-in-domain": Attack(
        "create domain pg_temp.d as public.outbox_attempt_state", EVERYONE, EVERYONE[1:]
    ),
}
# Who may not give gets a warning only: so what came of it is looked at.
_HELD: Final = """
do $$ begin
    if not pg_catalog.{} then raise exception 'not given' using errcode = '42501'; end if;
end $$
"""
# Of what a role may do and what a session may leave behind for later.
TRICKS: Final = {
    "references": Attack(
        f"create table mallory.r (outbox_id uuid references {QUEUE} (outbox_id))", CONTROL
    ),
    "cluster": Attack(f"cluster {QUEUE} using payment_outbox_pending_pkey", CONTROL, since=17),
    "reindex": Attack(f"reindex table {QUEUE}", CONTROL, since=17),
    "comment": Attack(f"comment on table {QUEUE} is 'mine'"),
    "rename-column": Attack(f"alter table {QUEUE} rename column rail_type to rail"),
    "rename-schema": Attack("alter schema public rename to mine"),
    "new-in-public": Attack("create view public.v as select 1"),
    "sequence-in-public": Attack("create sequence public.s"),
    "read-positions": Attack("select last_value from public.ledger_positions"),
    "burn-position": Attack("select nextval('public.ledger_positions')"),
    "read-controls": Attack("select paused from public.outbox_controls"),
    "pause-by-hand": Attack("update public.outbox_controls set paused = true"),
    "forge-seal": Attack("delete from public.ledger_seals"),
    "horizon": Attack("update public.ledger_seal_horizon set final_position = 0"),
    "read-late-tokens": Attack("select lease_token from public.payment_outbox_late_results"),
    "read-pins": Attack("select tpin_hash from public.tenant_members"),
    "read-attestations": Attack("select payload_hash from public.ingress_attestations"),
    "extended-statistics": Attack("select stxdmcv from pg_catalog.pg_statistic_ext_data"),
    "explain-tokens": Attack(f"explain (analyze) select lease_token from {QUEUE}", READERS),
    "prepared-read": Attack(
        f"prepare p as select lease_token from {QUEUE}; execute p; deallocate p", READERS
    ),
    "merge": Attack(
        f"""merge into {QUEUE} as q using (values (1)) as v (x) on true
        when matched then delete""",
        CONTROL,
    ),
    "insert-select": Attack(
        f"create temp table stolen as select outbox_id, lease_token from {QUEUE}", READERS
    ),
    "do-block": Attack(f"do $$ begin perform lease_token from {QUEUE}; end $$", READERS),
    "own-definer": Attack(
        f"""create function mallory.f() returns bigint language sql security definer
        as 'select count(lease_token) from {QUEUE}'; select mallory.f()""",
        READERS,
    ),
    "inline-sql": Attack(
        f"""create function pg_temp.f() returns uuid language sql
        return (select lease_token from {QUEUE} limit 1); select pg_temp.f()""",
        READERS,
    ),
    "untrusted-language": Attack(
        "create function pg_temp.f() returns text language internal as 'current_user'"
    ),
    "c-function": Attack(
        "create function pg_temp.f() returns integer language c as '/tmp/mine', 'f'"
    ),
    "load-library": Attack("load '/tmp/mine'"),
    "foreign-server": Attack("create foreign data wrapper mine"),
    "new-role": Attack("create role mallory_y"),
    "drop-role": Attack("drop role symphony_owner"),
    "rename-role": Attack("alter role symphony_owner rename to mine"),
    "reassign": Attack("reassign owned by symphony_owner to current_user"),
    "drop-owned": Attack("drop owned by symphony_owner"),
    "pass-on-table": Attack(
        f"grant select on {QUEUE} to mallory_nobody;"
        + _HELD.format(f"has_table_privilege('mallory_nobody', '{QUEUE}', 'select')")
    ),
    "pass-on-function": Attack(
        "grant execute on function public.uuid_strategy() to public;"
        + _HELD.format(
            "has_function_privilege('mallory_nobody', 'public.uuid_strategy()', 'execute')"
        ),
        EVERYONE,
    ),
    "grant-parameter": Attack("grant set on parameter session_replication_role to current_user"),
    "row-security-off": Attack(f"alter table {QUEUE} no force row level security"),
    "trigger-always": Attack(
        f"alter table {HISTORY} enable replica trigger trg_deny_outbox_attempts_mutation"
    ),
    "reload": Attack("select pg_catalog.pg_reload_conf()"),
    "rotate-log": Attack("select pg_catalog.pg_rotate_logfile()"),
    "server-directory": Attack("select pg_catalog.pg_ls_dir('.')"),
    "write-file": Attack("copy (select 1) to '/tmp/mine'"),
    "read-file": Attack("copy pg_temp.x from '/etc/hostname'"),
    "replication-slot": Attack("select pg_catalog.pg_create_physical_replication_slot('mine')"),
    "log-off": Attack("set log_statement = 'none'"),
    "preload": Attack("set session_preload_libraries = 'mine'"),
    "advance-xid": Attack("select pg_catalog.pg_switch_wal()"),
    "drop-type": Attack("drop type public.outbox_attempt_state cascade"),
    "alter-sequence": Attack("alter sequence public.ledger_positions restart"),
    "alter-view": Attack("create or replace view public.payment_outbox_queue as select 1 as x"),
    "owner-of-view": Attack("alter view public.payment_outbox_queue set (security_invoker = true)"),
}
ATTACKS: Final = WRITES | READS | PLANTS | POWERS | TRICKS
