"""Bodies and queries of requests: strict, bounded, and refused by the name of what is wrong."""

from typing import Any
from urllib.parse import parse_qsl

from falcon.asgi import Request

from ostiary.admin.decode import shown, suggest
from ostiary.jose import json
from ostiary.jose.errors import InvalidJson
from ostiary.web.api.problems import ErrorItem, Refused
from ostiary.web.api.route import Filter

JSON = "application/json"
MAX_BODY = 256 * 1024
_MAX_QUERY = 4096
_MAX_VALUE = 1024
_EMPTY: dict[str, Any] = {}


async def read_raw(request: Request) -> bytes:
    """Return the bytes of a body.

    Raises:
        Refused: it is too long, or of another type than JSON.
    """
    if (request.content_length or 0) > MAX_BODY:
        raise _too_large()
    raw = bytes(await request.stream.read(MAX_BODY + 1))
    if len(raw) > MAX_BODY:
        raise _too_large()
    if raw:
        _check_media_type(request)
    return raw


def parse(raw: bytes) -> Any:
    """Read JSON; nothing at all is an object without members.

    Raises:
        Refused: it is not JSON, or not the kind of it that is read here.
    """
    if not raw:
        return _EMPTY
    try:
        return json.parse(raw, limit=MAX_BODY)
    except InvalidJson as error:
        item = ErrorItem(pointer="", detail=error.message)
        raise Refused(
            400, "invalid_request", f"The body cannot be read: {error.message}.", errors=(item,)
        ) from None


def read_query(request: Request, filters: tuple[Filter, ...]) -> dict[str, Any]:
    """Read the query parameters of a list, or refuse those that it does not have.

    Raises:
        Refused: a parameter is unknown, repeated, missing, or not of its kind.
    """
    text = request.query_string
    if len(text) > _MAX_QUERY:
        raise Refused(400, "invalid_request", f"The query is longer than {_MAX_QUERY} bytes.")
    known = {one.name: one for one in filters}
    found: dict[str, Any] = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise Refused(400, "invalid_request", "The query is not UTF-8, or too long.") from None
    for name, value in pairs:
        one = known.get(name)
        if one is None:
            hint = suggest(name, known)
            raise Refused.parameter(shown(name), f"is no parameter of this operation{hint}")
        read = _read_value(one, value)
        if one.several:
            found[name] = (*found.get(name, ()), read)
        elif name in found:
            raise Refused.parameter(name, "is given twice")
        else:
            found[name] = read
    for one in filters:
        if one.required and one.name not in found:
            raise Refused.parameter(one.name, "is missing")
    return found


def _read_value(one: Filter, value: str) -> str | int:
    if not value or len(value) > _MAX_VALUE or not value.isprintable():
        raise Refused.parameter(one.name, f"must be 1 to {_MAX_VALUE} printable characters")
    if one.kind is int:
        if not (value.isascii() and value.isdigit() and len(value) <= 12):  # noqa: PLR2004
            raise Refused.parameter(one.name, "must be a whole number")
        return int(value)
    if one.choices and value not in one.choices:
        hint = suggest(value, one.choices)
        raise Refused.parameter(one.name, f"must be one of {', '.join(one.choices)}{hint}")
    return value


def _check_media_type(request: Request) -> None:
    media_type, *parameters = (
        part.strip().lower() for part in (request.content_type or "").split(";")
    )
    plain = all(one in {"charset=utf-8", 'charset="utf-8"'} for one in parameters)
    encoded = (request.get_header("Content-Encoding") or "identity").lower() != "identity"
    if media_type != JSON or not plain or encoded:
        raise Refused(
            415,
            "unsupported_media_type",
            f"Send the body as {JSON}, encoded as UTF-8 and not compressed.",
        )


def _too_large() -> Refused:
    return Refused(413, "too_large", f"Send at most {MAX_BODY} bytes.")
