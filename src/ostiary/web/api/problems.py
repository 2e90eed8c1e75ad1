"""What the API answers instead of a result: problem details (RFC 9457).

Every problem says what to change: for the body by a JSON pointer (RFC 6901) to the value,
else by the name of the parameter or header.
"""

import re
from http import HTTPStatus

import msgspec
from falcon.asgi import Response
from msgspec import UNSET, UnsetType

from ostiary.admin.errors import AdminError, AlreadyExists, Invalid
from ostiary.admin.errors import Problem as Wrong

MEDIA_TYPE = "application/problem+json"
PAGE = "/api/docs"
_INDEX = re.compile(r"\[(\d+)\]")
# Told to whoever reads the type of a problem.
CODES = {
    "invalid": "The request breaks rules. Each is in `errors`, with the place that it is about.",
    "invalid_request": "The request is not one that is understood here: its syntax, or its size.",
    "invalid_token": "The access token is missing, malformed, expired or revoked.",
    "insufficient_scope": "The access token is not for this API.",
    "insufficient_user_authentication": "A policy demands a second factor of you, and you signed "
    "in without one. Sign in again; the header WWW-Authenticate names the class.",
    "not_allowed": "You may see this, but not do what you asked for.",
    "not_found": "There is nothing of this kind here, or nothing that you may see.",
    "method_not_allowed": "The path does not take this method; the header Allow names those "
    "that it takes.",
    "conflict": "What is there already, or happens at the same time, is in the way.",
    "precondition_failed": "The thing was changed since you have read it. Read it again, and "
    "decide anew.",
    "precondition_required": "Say by If-Match which version you are changing: the ETag that "
    "you have read, or * to change whatever is there.",
    "too_large": "The body is longer than the API takes.",
    "unsupported_media_type": "Bodies are JSON: Content-Type: application/json.",
    "too_many_requests": "Too many requests from your address were refused. Wait for as many "
    "seconds as Retry-After says.",
    "misdirected": "The header Host names another server.",
    "unavailable": "The server cannot answer now. Send the same request again.",
    "internal": "The server made a mistake. Its log tells more under the trace id.",
}
RETRY_AFTER = 5


class ErrorItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing to change: in the body, a query parameter, a header or the path."""

    detail: str
    pointer: str | UnsetType = UNSET
    parameter: str | UnsetType = UNSET
    header: str | UnsetType = UNSET


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, and what to do about it (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    trace_id: str
    hint: str | UnsetType = UNSET
    errors: tuple[ErrorItem, ...] | UnsetType = UNSET


class Refused(Exception):
    """A request that no operation was asked about."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: tuple[ErrorItem, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        """`code` is one of `CODES`."""
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}

    @classmethod
    def parameter(cls, name: str, detail: str) -> "Refused":
        """Make a refusal of a query parameter."""
        error = ErrorItem(parameter=name, detail=detail)
        return cls(400, "invalid", f"{name}: {detail}", errors=(error,))

    @classmethod
    def header(cls, name: str, detail: str) -> "Refused":
        """Make a refusal of a header."""
        error = ErrorItem(header=name, detail=detail)
        return cls(400, "invalid", f"{name}: {detail}", errors=(error,))


def refuse(error: AdminError) -> Refused:
    """Word what an operation refused."""
    errors: tuple[ErrorItem, ...] = ()
    if isinstance(error, Invalid):
        errors = tuple(map(_item, error.problems))
    elif isinstance(error, AlreadyExists) and error.path:
        errors = (ErrorItem(pointer=pointer(error.path), detail=error.message),)
    detail = error.message if error.hint is None else f"{error.message} {error.hint}"
    return Refused(error.status, error.code, detail, errors=errors)


def _item(problem: Wrong) -> ErrorItem:
    return ErrorItem(pointer=pointer(problem.path), detail=problem.message)


def pointer(path: str) -> str:
    """Turn a path such as `users[2].email.address` into a JSON pointer (RFC 6901)."""
    if not path:
        return ""
    parts = _INDEX.sub(r".\1", path).split(".")
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def encode_problem(
    status: int,
    code: str,
    detail: str,
    trace_id: str,
    *,
    errors: tuple[ErrorItem, ...] = (),
) -> bytes:
    """Write a problem document."""
    return msgspec.json.encode(
        ProblemDocument(
            type=f"{PAGE}#problem-{code}",
            title=HTTPStatus(status).phrase,
            status=status,
            detail=detail,
            code=code,
            trace_id=trace_id,
            errors=errors or UNSET,
        )
    )


def show(response: Response, refused: Refused, trace_id: str) -> None:
    """Answer with a problem."""
    response.status = refused.status
    response.content_type = MEDIA_TYPE
    response.set_headers(refused.headers)
    response.data = encode_problem(
        refused.status, refused.code, refused.detail, trace_id, errors=refused.errors
    )
