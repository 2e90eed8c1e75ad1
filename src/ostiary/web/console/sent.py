"""Forms that the console was sent: a field may hold several lines, or be there several times."""

from urllib.parse import parse_qsl

from falcon.asgi import Request

from ostiary.oauth.errors import InvalidRequest
from ostiary.web.body import read_form

MAX_FIELDS = 400
_MAX_QUERY = 8192

Fields = dict[str, tuple[str, ...]]


async def read_fields(request: Request) -> Fields:
    """Return the fields of a form, empty ones included.

    Raises:
        OAuthError: it is no form, or too large.
    """
    return _parse(await read_form(request))


def read_given(request: Request) -> Fields:
    """Return what the address of a page gives: fields that are filled in already.

    Raises:
        InvalidRequest: it cannot be read.
    """
    raw = bytes(request.scope["query_string"])
    if len(raw) > _MAX_QUERY:
        raise InvalidRequest(f"Send at most {_MAX_QUERY} bytes in the query.", rule="query-size")
    return _parse(raw)


def _parse(raw: bytes) -> Fields:
    found: dict[str, list[str]] = {}
    if b"\0" in raw or b"%00" in raw:
        raise InvalidRequest("Fields must not hold the NUL character.", rule="parameter-characters")
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        raise InvalidRequest(
            f"Send at most {MAX_FIELDS} form-encoded fields in UTF-8.", rule="form-encoding"
        ) from None
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: tuple(values) for name, values in found.items()}


def first(fields: Fields, name: str) -> str:
    """Return the first value of a field; empty where there is none."""
    return fields.get(name, ("",))[0]
