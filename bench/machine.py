"""What the numbers were measured on. Nothing that names the machine or a place on it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from bench.ground import Ground

__all__ = ["machine", "server"]

_LIBRARIES: Final = ("ledgerdb", "psycopg", "psycopg-binary", "sqlalchemy")
_SETTINGS: Final = (
    "autovacuum",
    "checkpoint_timeout",
    "effective_io_concurrency",
    "fsync",
    "full_page_writes",
    "io_method",
    "max_wal_size",
    "shared_buffers",
    "synchronous_commit",
    "wal_compression",
    "wal_level",
    "wal_sync_method",
)


def machine(ground: Ground) -> dict[str, Any]:
    """Cores, memory, kernel, Python and libraries; how busy it was before."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "processor": _processor(),
        "kernel": f"{platform.system()} {platform.release()}",
        "file_system": _file_system(ground.server.data_dir),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def server(ground: Ground) -> dict[str, Any]:
    """Version and settings of PostgreSQL."""
    ((said,),) = ground.ask("show server_version")
    found = ground.ask("select s.name, current_setting(s.name) from pg_settings as s")
    return {
        "version": said,
        "settings": {name: value for name, value in sorted(found) if name in _SETTINGS},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _file_system(path: Path) -> str:
    """The kind of the one that holds the data: in memory, a commit costs nothing."""
    try:
        lines = Path("/proc/mounts").read_text("utf-8").splitlines()
    except OSError:
        return "unknown"
    mounts = {fields[1]: fields[2] for fields in (line.split(" ") for line in lines)}
    for place in (path, *path.parents):
        if str(place) in mounts:
            return mounts[str(place)]
    return "unknown"
