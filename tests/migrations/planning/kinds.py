"""Kinds of statements, and what PostgreSQL's manual and source say that each of them does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

AS = "ACCESS SHARE"
RS = "ROW SHARE"
RE = "ROW EXCLUSIVE"
SUE = "SHARE UPDATE EXCLUSIVE"
S = "SHARE"
SRE = "SHARE ROW EXCLUSIVE"
AE = "ACCESS EXCLUSIVE"
# From 18 on; before, it takes no lock at all.
GRANT = {"payment": AS}

SCHEMA = """
    create table customer (id integer primary key, name text not null);
    create table payment (
        id bigint primary key, customer_id integer not null, amount integer, code varchar(20),
        note text, units integer
    );
    alter table payment add constraint ck_amount check (amount >= 0) not valid;
    alter table payment add constraint fk_customer foreign key (customer_id) references customer
        not valid;
    create index ix_payment_code on payment (code);
    create unique index ux_payment_code on payment (code);
    create index ix_payment_note on payment (note);
    create unlogged table scratch (id integer);
    create table log (at timestamptz not null, line text) partition by range (at);
    create table log_a partition of log for values from ('2026-01-01') to ('2027-01-01');
    create table log_b (at timestamptz not null, line text);
    create view v_payment as select id, amount from payment;
    create materialized view m_payment as select count(*) as payments from payment;
    create function f_trigger() returns trigger language plpgsql as 'begin return new; end';
    create function f_one(p integer) returns integer language sql as 'select 1';
    create trigger t_old before insert on payment for each row execute function f_trigger();
    create sequence s_own;
"""
ROWS = """
    insert into customer select i, 'name ' || i from generate_series(1, 200) as i;
    insert into payment (id, customer_id, amount, code, note)
    select i, 1 + i % 200, i % 1000, 'code' || i, 'note ' || i
    from generate_series(1, 20000) as i;
    insert into scratch select i from generate_series(1, 1000) as i;
    insert into log select '2026-06-01', 'line ' || i from generate_series(1, 1000) as i;
    insert into log_b select '2027-06-01', 'line ' || i from generate_series(1, 1000) as i;
    refresh materialized view m_payment;
    analyze;
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """A statement with its locks, and the tables that it rewrites, scans and builds indexes on."""

    statement: str
    locks: Mapping[str, str] = field(default_factory=dict)
    rewritten: tuple[str, ...] = ()
    scanned: tuple[str, ...] = ()
    indexed: tuple[str, ...] = ()


def alter(action: str, mode: str = AE, does: str = "") -> Kind:
    """`alter table payment ...`: what it rewrites, scans and builds indexes on is payment."""
    return Kind(
        f"alter table payment {action}",
        {"payment": mode},
        rewritten=("payment",) if "rewrite" in does else (),
        scanned=("payment",) if "scan" in does else (),
        indexed=("payment",) if "index" in does else (),
    )


REWRITE = "rewrite, scan, index"

KINDS = (
    alter("add column extra integer"),
    alter("add column extra integer not null default 7"),
    alter("add column extra double precision default random()", does=REWRITE),
    alter("add column extra integer generated always as (amount * 2) stored", does=REWRITE),
    alter("add column extra bigint generated always as identity", does=REWRITE),
    alter("drop column note"),
    alter("rename column note to remark"),
    alter("rename to payments"),
    alter("alter column units type bigint", does=REWRITE),
    # the foreign key is made anew, and with it the trigger on the other table
    Kind(
        "alter table payment alter column customer_id type bigint",
        {"customer": AE, "payment": AE},
        rewritten=("payment",),
        scanned=("payment",),
        indexed=("payment",),
    ),
    alter("alter column code type varchar(40)"),
    alter("alter column code type text"),
    alter("alter column code type varchar(10)", does=REWRITE),
    alter("alter column amount set not null", does="scan"),
    alter("alter column customer_id drop not null"),
    alter("alter column amount set default 1"),
    alter("alter column note set statistics 500", SUE),
    alter("alter column note set storage external"),
    alter("add constraint ck_new check (amount < 1000000)", does="scan"),
    alter("add constraint ck_new check (amount < 1000000) not valid"),
    alter("validate constraint ck_amount", SUE, does="scan"),
    alter("drop constraint ck_amount"),
    alter("add constraint ux_code unique (code)", does="scan, index"),
    alter("add constraint ux_code unique using index ux_payment_code"),
    alter("drop constraint payment_pkey"),
    alter("set (fillfactor = 80)", SUE),
    alter("set unlogged", does=REWRITE),
    alter("enable row level security"),
    alter("owner to clerk"),
    alter("disable trigger t_old", SRE),
    alter("enable always trigger t_old", SRE),
    alter("replica identity full"),
    Kind(
        "alter table payment add constraint fk_new foreign key (customer_id) references customer",
        {"customer": SRE, "payment": SRE},
        scanned=("customer", "payment"),
    ),
    Kind(
        "alter table payment add constraint fk_new foreign key (customer_id) references customer"
        " not valid",
        {"customer": SRE, "payment": SRE},
    ),
    Kind(
        "alter table payment validate constraint fk_customer",
        {"customer": RS, "payment": SUE},
        scanned=("customer", "payment"),
    ),
    Kind(
        "alter table scratch set logged",
        {"scratch": AE},
        rewritten=("scratch",),
        scanned=("scratch",),
    ),
    Kind(
        "alter table log attach partition log_b for values from ('2027-01-01') to ('2028-01-01')",
        {"log": SUE, "log_b": AE},
        scanned=("log_b",),
    ),
    Kind("alter table log detach partition log_a", {"log": AE, "log_a": AE}),
    Kind("alter index ix_payment_code rename to ix_other", {"payment": SUE}),
    Kind(
        "create index ix_new on payment (amount)",
        {"payment": S},
        scanned=("payment",),
        indexed=("payment",),
    ),
    Kind(
        "create unique index ix_new on payment (code) where amount > 5",
        {"payment": S},
        scanned=("payment",),
        indexed=("payment",),
    ),
    Kind("drop index ix_payment_code", {"payment": AE}),
    Kind(
        "reindex index ix_payment_code",
        {"payment": AE},
        scanned=("payment",),
        indexed=("payment",),
    ),
    Kind("reindex table payment", {"payment": AE}, scanned=("payment",), indexed=("payment",)),
    Kind(
        "cluster payment using payment_pkey",
        {"payment": AE},
        rewritten=("payment",),
        scanned=("payment",),
        indexed=("payment",),
    ),
    Kind("truncate scratch", {"scratch": AE}),
    Kind("drop table scratch", {"scratch": AE}),
    Kind("drop view v_payment", {"v_payment": AE}),
    Kind(
        "create or replace view v_payment as select id, amount from payment",
        {"payment": AS, "v_payment": AE},
    ),
    Kind("create view v_new as select id from payment", {"payment": AS}),
    Kind(
        "create materialized view m_new as select count(*) as n from payment",
        {"payment": AS},
        scanned=("payment",),
    ),
    Kind(
        "refresh materialized view m_payment",
        {"m_payment": AE, "payment": AS},
        rewritten=("m_payment",),
        scanned=("payment",),
    ),
    Kind("create table t_new (id integer references customer)", {"customer": SRE}),
    Kind("create table t_copy as select id from payment", {"payment": AS}, scanned=("payment",)),
    Kind(
        "create trigger t_new after insert on payment for each row execute function f_trigger()",
        {"payment": SRE},
    ),
    Kind("drop trigger t_old on payment", {"payment": AE}),
    Kind("create policy p_new on payment using (true)", {"payment": AE}),
    Kind("create rule r_new as on delete to payment do instead nothing", {"payment": AE}),
    Kind("create statistics st_new on amount, code from payment", {"payment": SUE}),
    Kind("comment on table payment is 'payments'", {"payment": SUE}),
    Kind("comment on column payment.note is 'note'", {"payment": SUE}),
    Kind("grant select on payment to clerk", GRANT),
    Kind("revoke all on payment from clerk", GRANT),
    Kind("create or replace function f_one(p integer) returns integer language sql as 'select 2'"),
    Kind("drop function f_one(integer)"),
    Kind("create type e_new as enum ('A')"),
    Kind("alter sequence s_own increment 2"),
    Kind("create sequence s_new owned by payment.amount", {"payment": AS}),
    Kind("analyze payment", {"payment": SUE}),
    Kind("lock table payment in share row exclusive mode", {"payment": SRE}),
    Kind("insert into scratch (id) values (1)", {"scratch": RE}),
    Kind(
        "insert into scratch (id) select id from customer",
        {"customer": AS, "scratch": RE},
        scanned=("customer",),
    ),
    Kind("update payment set note = 'x' where amount = 3", {"payment": RE}, scanned=("payment",)),
    Kind("update payment set note = 'x' where id = 3", {"payment": RE}, scanned=("payment",)),
    Kind("delete from payment where amount = 3", {"payment": RE}, scanned=("payment",)),
    Kind(
        "delete from scratch using customer where customer.id = scratch.id",
        {"customer": AS, "scratch": RE},
        scanned=("customer", "scratch"),
    ),
    Kind(
        "merge into scratch using customer on customer.id = scratch.id"
        " when not matched then insert values (customer.id)",
        {"customer": AS, "scratch": RE},
        scanned=("customer", "scratch"),
    ),
    Kind("select count(*) from payment", {"payment": AS}, scanned=("payment",)),
    Kind(
        "do 'begin perform from payment where amount = 3; end'",
        {"payment": AS},
        scanned=("payment",),
    ),
)
