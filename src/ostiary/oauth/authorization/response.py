"""Authorization responses, successful or not, in each response mode.

OAuth 2.0 Multiple Response Type Encoding Practices 2.1 (query, fragment), OAuth 2.0 Form
Post Response Mode, and RFC 9207: every response names its issuer.
"""

from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

import msgspec

from ostiary.oauth.authorization.request import ReplyTo
from ostiary.oauth.errors import OAuthError

Parameters = Mapping[str, str]


class Redirection(msgspec.Struct, frozen=True):
    """The browser is sent to `location` (303)."""

    location: str


class FormPost(msgspec.Struct, frozen=True):
    """The browser posts `fields` to `action`, by way of a page that does so by itself."""

    action: str
    fields: tuple[tuple[str, str], ...]


Reply = Redirection | FormPost


def _query(redirect_uri: str, parameters: Parameters) -> Reply:
    separator = "&" if "?" in redirect_uri else "?"
    if redirect_uri.endswith(("?", "&")):
        separator = ""
    return Redirection(redirect_uri + separator + _encode(parameters))


def _fragment(redirect_uri: str, parameters: Parameters) -> Reply:
    return Redirection(redirect_uri + "#" + _encode(parameters))


def _form_post(redirect_uri: str, parameters: Parameters) -> Reply:
    return FormPost(redirect_uri, tuple(parameters.items()))


def _encode(parameters: Parameters) -> str:
    # %20 rather than +, which the URL parsers of native platforms leave as it is.
    return urlencode(parameters, quote_via=quote, safe="")


RENDERERS: dict[str, Callable[[str, Parameters], Reply]] = {
    "query": _query,
    "fragment": _fragment,
    "form_post": _form_post,
}
"""How a response mode carries the parameters."""

DEFAULT_MODES = {"code": "query"}
"""The mode of a response type where the request names none."""


def reply(to: ReplyTo, parameters: Parameters, issuer: str) -> Reply:
    """Answer the client: the parameters, its `state`, and who answers (RFC 9207, 2)."""
    complete = dict(parameters)
    if to.state is not None:
        complete["state"] = to.state
    complete["iss"] = issuer
    return RENDERERS[to.response_mode](to.redirect_uri, complete)


def reply_error(to: ReplyTo, error: OAuthError, issuer: str) -> Reply:
    """Answer the client with an error (RFC 6749, 4.1.2.1)."""
    parameters = {"error": error.error, "error_description": error.description}
    return reply(to, parameters, issuer)
