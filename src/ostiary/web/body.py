"""Request bodies, read whole and bounded."""

from falcon.asgi import Request

from ostiary.oauth.errors import OAuthError

FORM = "application/x-www-form-urlencoded"
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
    if (request.content_length or 0) > MAX_FORM:
        raise _too_large()
    body = await request.stream.read(MAX_FORM + 1)
    if len(body) > MAX_FORM:
        raise _too_large()
    return bytes(body)


def _check_media_type(content_type: str) -> None:
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [
        value.strip('"')
        for name, _, value in (parameter.partition("=") for parameter in parameters)
        if name == "charset"
    ]
    if media_type != FORM or any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise UnsupportedMediaType(
            f"Send the parameters in the body as {FORM}, encoded as UTF-8.",
            rule="media-type",
            section="RFC 6749, B",
            received=content_type or "none",
            expected=FORM,
        )


def _too_large() -> ContentTooLarge:
    return ContentTooLarge(f"Send at most {MAX_FORM} bytes.", rule="body-size")
