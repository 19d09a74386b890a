"""Every answer that is no success: problem details (RFC 9457), and which error becomes which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from starlette.responses import Response

from ledgerdb import (
    DatabaseError,
    IdempotencyConflict,
    InvalidArgument,
    LedgerError,
    MemberTenantMismatch,
    MemberTenantMissing,
    OutcomeUnknown,
    TenantRefused,
)

__all__ = ["MEDIA_TYPE", "FieldError", "Problem", "Refused", "refused_by"]

MEDIA_TYPE: Final = "application/problem+json"
_ERRORS_MAX: Final = 50


class FieldError(msgspec.Struct, frozen=True):
    """One broken rule: of a header, of a member of the body, or of the `body` itself."""

    field: str
    rule: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Problem details (RFC 9457); `errors` names every rule that the request breaks."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldError, ...] = ()


class Refused(Exception):
    """The request ends here, with a problem.

    Args:
        status: of the response.
        kind: the last part of the problem's type, for machines.
        title, detail: for people; the same for each request of a kind, so they disclose nothing.
        errors: broken rules; the first 50 are told.
        headers: of the response.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(title)
        self.headers = headers or {}
        self.problem = Problem(
            f"urn:ledgerdb:problem:{kind}", title, status, detail, tuple(errors[:_ERRORS_MAX])
        )

    def response(self) -> Response:
        """As HTTP."""
        return Response(
            msgspec.json.encode(self.problem),
            self.problem.status,
            self.headers,
            media_type=MEDIA_TYPE,
        )


def invalid(errors: Sequence[FieldError]) -> Refused:
    """400."""
    return Refused(
        400, "invalid-request", "The request breaks rules", "Each is in errors.", errors=errors
    )


def unauthenticated() -> Refused:
    """401: without a key and with a wrong one."""
    return Refused(
        401,
        "unauthenticated",
        "No valid API key",
        "Send a valid key in the header x-api-key.",
        headers={"www-authenticate": 'ApiKey realm="ingress"'},
    )


def not_allowed() -> Refused:
    """403: the same, whether the tenant exists, is suspended, or is somebody else's."""
    return Refused(
        403,
        "not-allowed",
        "Not allowed for this key",
        "The key, the headers x-tenant-id and x-participant-id and the body do not belong"
        " together, or the tenant may not submit.",
    )


def not_found() -> Refused:
    """404: the same for what is somebody else's and for what does not exist."""
    return Refused(404, "not-found", "Not found", "There is nothing under this address.")


def not_a_method(headers: Mapping[str, str]) -> Refused:
    """405, with `Allow`."""
    return Refused(
        405,
        "method-not-allowed",
        "Method not allowed",
        "The header allow names those that are.",
        headers=dict(headers),
    )


def conflict(error: DatabaseError) -> Refused:
    """409."""
    field = FieldError(error.field or "idempotency_key", error.rule or "one key, one payment")
    return Refused(
        409,
        "idempotency-conflict",
        "Used before for other content",
        "The idempotency key or the instruction was accepted before with other content. Nothing"
        " was written.",
        errors=[field],
    )


def too_large(field: str, bytes_max: int) -> Refused:
    """413."""
    return Refused(
        413,
        "too-large",
        "The request is too large",
        "Nothing was written.",
        errors=[FieldError(field, f"at most {bytes_max} bytes")],
    )


def too_slow() -> Refused:
    """408."""
    return Refused(408, "too-slow", "The request did not arrive in time", "Nothing was written.")


def unsupported() -> Refused:
    """415."""
    return Refused(
        415,
        "unsupported-media-type",
        "Unsupported media type",
        "Send application/json in UTF-8, without a content-encoding.",
    )


def too_many(seconds: int) -> Refused:
    """429."""
    return Refused(
        429,
        "too-many-requests",
        "Too many requests of this key",
        "Nothing was written. Try again after the time in Retry-After.",
        headers={"retry-after": str(seconds)},
    )


def unavailable() -> Refused:
    """503 that wrote nothing."""
    return Refused(
        503,
        "unavailable",
        "Temporarily unavailable",
        "Nothing was written. Send the same request again after the time in Retry-After.",
        headers={"retry-after": "1"},
    )


def outcome_unknown() -> Refused:
    """503 that may have written."""
    return Refused(
        503,
        "outcome-unknown",
        "The outcome is not known",
        "The instruction may or may not be accepted. Replay the same request, with the same"
        " idempotency key, after the time in Retry-After: the answer tells, and nothing is"
        " accepted twice.",
        headers={"retry-after": "1"},
    )


def unforeseen() -> Refused:
    """500: a defect of this service."""
    return Refused(
        500,
        "unforeseen",
        "An unforeseen error",
        "Whether the instruction was accepted is not known: replay the same request.",
    )


def refused_by(error: LedgerError) -> Refused:
    """The answer for an error of the ledger. What is not about the request is 503: fail closed."""
    match error:
        case OutcomeUnknown():
            return outcome_unknown()
        case IdempotencyConflict():
            return conflict(error)
        case TenantRefused():
            return not_allowed()
        case InvalidArgument():
            return invalid([FieldError(error.field or "body", error.rule or "see the reference")])
        case MemberTenantMissing() | MemberTenantMismatch() | DatabaseError(sqlstate="23503"):
            # one answer for an unknown member and for one of another tenant
            return invalid([FieldError("member_id", "a member of the tenant")])
        case _:
            return unavailable()
