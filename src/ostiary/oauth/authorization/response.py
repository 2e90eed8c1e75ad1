"""Authorization responses, successful or not, in each response mode.

OAuth 2.0 Multiple Response Type Encoding Practices 2.1 (query, fragment), OAuth 2.0 Form
Post Response Mode, and RFC 9207: every response names its issuer.
"""

from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

import msgspec

from ostiary.oauth.authorization.request import ReplyTo
from ostiary.oauth.errors import OAuthError
from ostiary.oauth.legacy import RESPONSE_TYPES, canonical

Parameters = Mapping[str, str]


class Redirection(msgspec.Struct, frozen=True):
    """The browser is sent to `location` (303)."""

    location: str
    # The browser state that goes with the answer, where the browser has another one.
    browser_state: str | None = None
    # Why, where the answer is an error.
    refusal: OAuthError | None = None


class FormPost(msgspec.Struct, frozen=True):
    """The browser posts `fields` to `action`, by way of a page that does so by itself."""

    client_id: str
    action: str
    fields: tuple[tuple[str, str], ...]
    browser_state: str | None = None
    refusal: OAuthError | None = None


Reply = Redirection | FormPost


def _query(to: ReplyTo, parameters: Parameters) -> Reply:
    uri = to.redirect_uri
    separator = "&" if "?" in uri else "?"
    if uri.endswith(("?", "&")):
        separator = ""
    return Redirection(uri + separator + _encode(parameters))


def _fragment(to: ReplyTo, parameters: Parameters) -> Reply:
    return Redirection(to.redirect_uri + "#" + _encode(parameters))


def _form_post(to: ReplyTo, parameters: Parameters) -> Reply:
    return FormPost(to.client_id, to.redirect_uri, tuple(parameters.items()))


def _encode(parameters: Parameters) -> str:
    # %20 rather than +, which the URL parsers of native platforms leave as it is.
    return urlencode(parameters, quote_via=quote, safe="")


RENDERERS: dict[str, Callable[[ReplyTo, Parameters], Reply]] = {
    "query": _query,
    "fragment": _fragment,
    "form_post": _form_post,
}
"""How a response mode carries the parameters."""

TOKEN_MODE = "fragment"
"""The default of every type that returns a token, which is never put into a query."""


def default_mode(response_type: str) -> str:
    """Return the mode of a response type where the request names none.

    A type that is missing or unknown has that of `code` (RFC 6749, 4.1.2.1).
    """
    return TOKEN_MODE if returns_token(response_type) else "query"


def returns_token(response_type: str) -> bool:
    """Tell whether a token comes from the authorization endpoint itself."""
    return canonical(response_type) in RESPONSE_TYPES


def reply(to: ReplyTo, parameters: Parameters, issuer: str) -> Reply:
    """Answer the client: the parameters, its `state`, and who answers (RFC 9207, 2)."""
    complete = dict(parameters)
    if to.state is not None:
        complete["state"] = to.state
    complete["iss"] = issuer
    return RENDERERS[to.response_mode](to, complete)


def reply_error(to: ReplyTo, error: OAuthError, issuer: str, uri: str | None = None) -> Reply:
    """Answer the client with an error; `uri` is where it is explained (RFC 6749, 4.1.2.1)."""
    answer = reply(to, error_parameters(error, uri), issuer)
    return msgspec.structs.replace(answer, refusal=error)


def error_parameters(error: OAuthError, uri: str | None = None) -> Parameters:
    """Return the parameters that tell the client of an error, and where it is explained."""
    told = {"error": error.error, "error_description": error.description}
    return told if uri is None else {**told, "error_uri": uri}
