"""What schemathesis is told of our tenants: a good body is one of the key's own tenant."""

from __future__ import annotations

import json
from typing import Any

import schemathesis
from schemathesis import Case, GenerationMode, HookContext

from tests.factories import TENANT
from tests.services.ingress import PARTICIPANT


@schemathesis.hook
def before_call(_: HookContext, case: Case[Any], __: dict[str, object]) -> None:
    """Good requests are for whom the key may act; the bad ones stay as they are."""
    meta = case.meta
    if meta is None or meta.generation.mode is not GenerationMode.POSITIVE:
        return
    mine = {"tenant_id": str(TENANT), "participant_id": PARTICIPANT}
    if isinstance(case.body, dict):
        case.body.update(mine)
        case.body.pop("member_id", None)  # the tenant has none
        # what a schema cannot say: a payload has no NUL, at any depth
        payload = json.dumps(case.body.get("payload", {})).replace("\\u0000", "0")
        case.body["payload"] = json.loads(payload)
    if "x-tenant-id" in case.headers:
        case.headers.update({f"x-{name.replace('_', '-')}": mine[name] for name in mine})
