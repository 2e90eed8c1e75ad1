"""What the console was sent; a field of a form may hold several lines, or come several times."""

from urllib.parse import parse_qsl

import falcon
from falcon.asgi import Request

from ostiary.oauth.errors import InvalidRequest
from ostiary.web.body import read_form

MAX_FIELDS = 400
_MAX_QUERY = 8192
_MAX_ID = 255

Fields = dict[str, tuple[str, ...]]


async def read_fields(request: Request) -> Fields:
    """Return the fields of a form, empty ones included.

    Raises:
        OAuthError: it is no form, too large, or holds the NUL character.
    """
    raw = await read_form(request)
    # What is typed is kept while somebody signs in, and not every database can hold it.
    if b"\0" in raw or b"%00" in raw:
        raise InvalidRequest("Fields must not hold the NUL character.", rule="parameter-characters")
    return _parse(raw)


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


def check_id(value: str) -> None:
    """Hold an id in an address to what one can be: all else names nothing.

    Raises:
        falcon.HTTPNotFound: there is nothing under such an id.
    """
    if not value or len(value) > _MAX_ID or not value.isprintable():
        raise falcon.HTTPNotFound


def version_of(text: str) -> int:
    """Return the version that a form names; whatever is none names one that never was."""
    plain = text.isascii() and text.isdigit() and len(text) < 19  # noqa: PLR2004 - an int64
    return int(text) if plain else 0
