"""What is measured, by name."""

from bench.workloads.drain import DRAIN
from bench.workloads.enqueue_batch import ENQUEUE_BATCH
from bench.workloads.enqueue_one import ENQUEUE_ONE
from bench.workloads.held_snapshot import HELD_SNAPSHOT
from bench.workloads.ingress import INGRESS
from bench.workloads.overhead import OVERHEAD
from bench.workloads.scale import SCALE
from bench.workloads.wake_up import WAKE_UP

__all__ = ["WORKLOADS"]

WORKLOADS = {
    workload.name: workload
    for workload in (
        ENQUEUE_ONE,
        ENQUEUE_BATCH,
        DRAIN,
        WAKE_UP,
        HELD_SNAPSHOT,
        SCALE,
        OVERHEAD,
        INGRESS,
    )
}
