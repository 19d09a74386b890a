"""An ingress on loopback, behind a real uvicorn in a thread, and requests for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec

from examples.services.ingress.app import create_app
from examples.services.ingress.keys import Key, Keys, new_key
from examples.services.ingress.server import server_of
from examples.services.ingress.settings import IngressSettings
from ledgerdb.stores import AsyncStore
from tests.factories import OTHER_TENANT, TENANT
from tests.waiting import until

SUBMIT = "/v1/ingress/instructions"
PAYLOAD = b'{"amount": "10.00", "currency": "EUR"}'
PARTICIPANT = "participant-1"
UNREGISTERED = UUID("0f000000-0000-4000-8000-00000000000f")


class Served:
    """A running ingress: where it is, and the keys it knows."""

    def __init__(self, port: int, keys: Mapping[str, str]) -> None:
        self.port = port
        self.keys = keys
        self.url = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.url, timeout=30)

    def headers(self, key: str = "first", **changes: str | None) -> dict[str, str]:
        """Of a good request of a key; None leaves one out."""
        given: dict[str, str | None] = {
            "x-api-key": self.keys[key],
            "x-tenant-id": str(TENANTS[key]),
            "x-participant-id": PARTICIPANT,
            "content-type": "application/json",
        }
        given |= {name.replace("_", "-"): value for name, value in changes.items()}
        return {name: value for name, value in given.items() if value is not None}

    def submit(self, content: bytes, key: str = "first", **headers: str | None) -> httpx.Response:
        """Posts a body."""
        return self.client.post(SUBMIT, content=content, headers=self.headers(key, **headers))


TENANTS: dict[str, UUID] = {
    "first": TENANT,
    "first-next": TENANT,
    "other": OTHER_TENANT,
    "unregistered": UNREGISTERED,
}


def make_keys(folder: Path) -> tuple[Path, dict[str, str]]:
    """A file of keys, and the keys."""
    made: dict[str, tuple[str, Key]] = {
        name: new_key(name, tenant, [PARTICIPANT, "participant-2"])
        for name, tenant in TENANTS.items()
    }
    file = folder / "keys.json"
    file.write_bytes(msgspec.json.encode([entry for _, entry in made.values()]))
    return file, {name: key for name, (key, _) in made.items()}


def envelope(number: object = 1, payload: bytes = PAYLOAD, /, **changes: object) -> bytes:
    """A body; a change to None leaves a member out."""
    members: dict[str, object] = {
        "tenant_id": str(TENANT),
        "participant_id": PARTICIPANT,
        "instruction_id": f"instruction-{number}",
        "idempotency_key": f"key-{number}",
        "rail_type": "RTGS",
        "payload": msgspec.Raw(payload),
    }
    members |= changes
    return msgspec.json.encode({name: m for name, m in members.items() if m is not None})


@contextmanager
def serving(
    store: AsyncStore,
    keys_file: Path,
    keys: Mapping[str, str],
    **changes: Any,  # noqa: ANN401 - any setting
) -> Iterator[Served]:
    """A server that runs until the block ends."""
    settings = IngressSettings(keys_file=keys_file, port=0, **changes)
    server = server_of(create_app(store, Keys(keys_file), settings), settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive())
        served = Served(server.servers[0].sockets[0].getsockname()[1], keys)
        with served.client:
            yield served
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()
