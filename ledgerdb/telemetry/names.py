"""Names of metrics and attributes. They are an interface: dashboards and queries use them.

Those without `ledgerdb` are OpenTelemetry's semantic conventions. They are written down here, since
the package that has them as constants is not stable.
"""

from __future__ import annotations

from typing import Final

SCOPE: Final = "ledgerdb"
SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.36.0"

# metrics
OPERATION_DURATION: Final = "db.client.operation.duration"
CONNECTION_WAIT_TIME: Final = "db.client.connection.wait_time"
PROCESS_DURATION: Final = "messaging.process.duration"
CALLS: Final = "ledgerdb.calls"
ITEMS: Final = "ledgerdb.items"
BATCH_SIZE: Final = "ledgerdb.batch.size"
REPLAYS: Final = "ledgerdb.replays"
WORKER_ITEMS: Final = "ledgerdb.worker.items"
QUEUE_ITEMS: Final = "ledgerdb.queue.items"
QUEUE_OLDEST_DUE: Final = "ledgerdb.queue.oldest_due"

# attributes
DB_SYSTEM: Final = "db.system.name"
DB_OPERATION: Final = "db.operation.name"
DB_BATCH_SIZE: Final = "db.operation.batch.size"
DB_ROWS: Final = "db.response.returned_rows"
DB_STATUS: Final = "db.response.status_code"
ERROR_TYPE: Final = "error.type"
MESSAGING_SYSTEM: Final = "messaging.system"
MESSAGING_OPERATION: Final = "messaging.operation.name"
MESSAGING_OPERATION_TYPE: Final = "messaging.operation.type"
MESSAGE_ID: Final = "messaging.message.id"
CONVERSATION_ID: Final = "messaging.message.conversation_id"
ATTEMPT_NO: Final = "ledgerdb.attempt_no"
OUTCOME: Final = "ledgerdb.outcome"
STATE: Final = "ledgerdb.state"

POSTGRESQL: Final = "postgresql"
LEDGERDB: Final = "ledgerdb"
PROCESS: Final = "process"
