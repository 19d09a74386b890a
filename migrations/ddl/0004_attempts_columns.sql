-- Online route: the columns that the new indexes of the attempts are over, and the others with
-- them, so that the columns come in the order of 0004_layout.sql.
-- Locks: ACCESS EXCLUSIVE on attempts, for a change of the catalog.
alter table public.payment_outbox_attempts
add column lease_token uuid,
add column dispatch_started_at timestamptz,
add column closed_by text,
add column redrive_no integer not null default 0;
