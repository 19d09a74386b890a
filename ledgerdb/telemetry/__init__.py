"""OpenTelemetry at the border to the driver: metrics and spans of calls, workers and the queue.

Needs the extra `telemetry`. docs/telemetry.md lists what is emitted.
"""

from ledgerdb._watch import current_trace_context
from ledgerdb.telemetry.switch import instrument, observe_queue, uninstrument

__all__ = ["current_trace_context", "instrument", "observe_queue", "uninstrument"]
