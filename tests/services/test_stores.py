"""The same service over both stores: one conversation, the same answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledgerdb import TenantType
from ledgerdb.packs import check_pack
from ledgerdb.stores import AsyncFileStore, FileStore
from tests.factories import OTHER_TENANT, TENANT
from tests.services.ingress import Served, envelope, serving


@pytest.fixture(params=["database", "file"])
def served(
    request: pytest.FixtureRequest,
    keys: tuple[Path, dict[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Served]:
    """An ingress over one of the stores, with two tenants."""
    if request.param == "database":
        yield request.getfixturevalue("ingress")
        return
    monkeypatch.setenv("ENVIRONMENT", "ci")
    with FileStore(tmp_path / "store") as store:
        store.register_tenant(TENANT, "first", "First", TenantType.COMMERCIAL)
        store.register_tenant(OTHER_TENANT, "other", "Other", TenantType.NGO)
    with serving(AsyncFileStore(tmp_path / "store"), *keys) as over_a_file:
        yield over_a_file


def test_one_conversation(served: Served) -> None:
    def told(response: Any) -> tuple[int, Any]:  # noqa: ANN401 - JSON
        document = response.json()
        kept = ("type", "errors", "payload_hash", "state", "replayed")
        return response.status_code, {name: document[name] for name in kept if name in document}

    good = envelope("parity", b'{"amount": 1.10}')
    path = "/v1/evidence-packs/instruction-parity"
    unregistered = "0f000000-0000-4000-8000-00000000000f"
    conversation = [
        told(served.client.get(path, headers=served.headers())),
        told(served.submit(good)),
        told(served.submit(good)),
        told(served.submit(envelope("parity", b'{"amount": 1.1}'))),
        told(served.submit(envelope("parity", b'{"amount": 1.10}', idempotency_key="other"))),
        told(served.submit(envelope("parity", b'{"a": 1, "a": 2}'))),
        told(served.submit(envelope("parity", b'{"a": "\\u0000"}'))),
        told(served.submit(envelope("x", tenant_id=unregistered), "unregistered")),
        told(served.client.get(path, headers=served.headers("other"))),
    ]
    pack = served.client.get(path, headers=served.headers())
    assert check_pack(pack.content).ok
    assert [status for status, _ in conversation] == [404, 202, 202, 409, 409, 400, 400, 403, 404]
    assert conversation[1][1] == {**conversation[2][1], "replayed": False}
    assert [error["field"] for _, told in conversation[5:7] for error in told["errors"]] == [
        "payload",
        "payload",
    ]
    assert "errors" not in conversation[7][1]
    assert conversation[0] == conversation[8]
