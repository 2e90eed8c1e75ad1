"""Request bodies, read whole and bounded."""

from typing import Any

from falcon.asgi import Request

from ostiary.jose.errors import InvalidJson
from ostiary.jose.json import parse_object
from ostiary.oauth.errors import InvalidRequest, OAuthError

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MAX_FORM = 65_536


class UnsupportedMediaType(OAuthError):
    """The body is not of a type that the endpoint reads."""

    error = "invalid_request"
    status = 415


class ContentTooLarge(OAuthError):
    """The body is longer than any honest one."""

    error = "invalid_request"
    status = 413


async def read_form(request: Request) -> bytes:
    """Return the bytes of a form body.

    Raises:
        UnsupportedMediaType: another media type, or another charset than UTF-8.
        ContentTooLarge: more than 64 kB.
    """
    content_type = request.content_type
    if content_type != FORM:
        _check_media_type(content_type or "")
    return await _read(request)


async def read_json(request: Request) -> dict[str, Any]:
    """Return the object of a JSON body.

    Raises:
        UnsupportedMediaType: another media type, or another charset than UTF-8.
        ContentTooLarge: more than 64 kB.
        InvalidRequest: the body is no JSON object, or can be read in more than one way.
    """
    _check_media_type(request.content_type or "", JSON)
    body = await _read(request)
    try:
        return parse_object(body)
    except InvalidJson as error:
        raise InvalidRequest(
            f"Send one JSON object in the body: {error.message}.",
            rule=error.rule,
            section=error.section,
        ) from None


async def _read(request: Request) -> bytes:
    if (request.content_length or 0) > MAX_FORM:
        raise _too_large()
    body = await request.stream.read(MAX_FORM + 1)
    if len(body) > MAX_FORM:
        raise _too_large()
    return bytes(body)


def _check_media_type(content_type: str, wanted: str = FORM) -> None:
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [
        value.strip('"')
        for name, _, value in (parameter.partition("=") for parameter in parameters)
        if name == "charset"
    ]
    if media_type != wanted or any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise UnsupportedMediaType(
            f"Send the parameters in the body as {wanted}, encoded as UTF-8.",
            rule="media-type",
            section="RFC 6749, B" if wanted == FORM else "RFC 7591, 3.1",
            received=content_type or "none",
            expected=wanted,
        )


def _too_large() -> ContentTooLarge:
    return ContentTooLarge(f"Send at most {MAX_FORM} bytes.", rule="body-size")
